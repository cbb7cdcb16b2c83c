import type { Cancel } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import type { ServerSentEvent } from '../protocol/http-message.ts'
import { EventStream } from './event-stream.ts'
import { chunksOf } from './http-connection.ts'
import { canResume, streamHeaders, wrongType } from './stream-request.ts'

/** One event stream of several below one client, from its order to its end. */
export class OrderedStream {
  /** Ids of the orders that its response answers. */
  readonly ids: string[]
  /** The request, as a text to compare. */
  readonly key: string
  /** Whether the response is a stream. */
  isOpen = false
  readonly #memory: StreamMemory
  readonly #silenceMs: number
  readonly #owner: StreamOwner
  readonly #controller = new AbortController()
  #cancel: Cancel | undefined
  #closed = false

  constructor({ key, ids, memory, silenceMs }: StreamDeps, owner: StreamOwner) {
    this.key = key
    this.ids = ids
    this.#memory = memory
    this.#silenceMs = silenceMs
    this.#owner = owner
  }

  /** Requests the stream, once the server's wait is over, and reads it to its end; never rejects. */
  async run(): Promise<void> {
    const waitMs = this.#memory.notBefore - systemClock.now()
    if (waitMs > 0) {
      await new Promise<void>((resolve) => {
        this.#cancel = systemClock.after(waitMs, resolve)
      })
    }
    if (this.#closed) return
    try {
      await this.#follow()
      this.#end('closed')
    } catch (cause) {
      this.#end('lost', cause)
    }
  }

  async #follow(): Promise<void> {
    const { lastEventId } = this.#memory
    this.#alive()
    const headers = streamHeaders(lastEventId)
    const response = await this.#owner.request(headers, this.#controller.signal)
    if (this.#closed) return
    const reason = response.status === 200 ? wrongType(response) : ''
    if (response.status !== 200 || reason) return this.#owner.refused(response, reason)
    this.isOpen = true
    this.#owner.opened(canResume(lastEventId))
    const stream = this.#reader(lastEventId)
    for await (const chunk of chunksOf(response)) {
      this.#alive()
      stream.push(chunk)
    }
  }

  /** Ends it without a call to its owner. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#controller.abort()
  }

  #reader(lastEventId: string): EventStream {
    const memory = this.#memory
    const sink = {
      id: (id: string) => {
        if (!this.#closed) memory.lastEventId = id
      },
      event: (event: ServerSentEvent) => {
        if (!this.#closed) this.#owner.event(event)
      },
      retry(ms: number) {
        memory.retryMs = ms
      },
    }
    return new EventStream(sink, lastEventId)
  }

  #end(end: 'closed' | 'lost', cause?: unknown): void {
    if (this.#closed) return
    this.close()
    this.#memory.notBefore = systemClock.now() + this.#memory.retryMs
    this.#owner.ended(end, cause)
  }

  /** Starts the time limit of the next byte. */
  #alive(): void {
    this.#cancel?.()
    this.#cancel = systemClock.after(this.#silenceMs, () =>
      this.#end('lost', new Error(`nothing arrived in ${this.#silenceMs} ms`)),
    )
  }
}

/** What is kept of a stream between its requests. */
export interface StreamMemory {
  lastEventId: string
  /** The server's wait after an end, by `retry:`, in milliseconds. */
  retryMs: number
  /** Time before which it is not requested again, by the clock's `now()`. */
  notBefore: number
}

/** Properties of a stream. */
interface StreamDeps {
  readonly key: string
  readonly ids: string[]
  readonly memory: StreamMemory
  readonly silenceMs: number
}

/** The connection that a stream belongs to. */
interface StreamOwner {
  request(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>
  /** @param resumed whether it was requested with the id of the last event */
  opened(resumed: boolean): void
  event(event: ServerSentEvent): void
  /**
   * Closes it because its response is no stream; rejects if the response is lost.
   *
   * @param reason what is wrong with a response of status 200
   */
  refused(response: Response, reason: string): Promise<void>
  /** It has ended, and calls back no more. */
  ended(end: 'closed' | 'lost', cause: unknown): void
}
