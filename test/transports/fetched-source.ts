import type { EventSourceLike, ServerSentEvent } from 'wirefold/transports'
import { EventStream } from '../../src/transports/event-stream.ts'

type Listener = (event: ServerSentEvent) => void

/**
 * A minimal `EventSource` for Node, over `fetch`: it does not reconnect, and as in browsers an event that
 * the server names `error` has the type of a failure.
 */
export class FetchedSource implements EventSourceLike {
  readyState = 0
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #controller = new AbortController()

  constructor(url: string) {
    void this.#read(url)
  }

  addEventListener(name: string, listener: Listener): void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
  }

  close(): void {
    this.readyState = 2
    this.#controller.abort()
  }

  #emit(event: Event | ServerSentEvent): void {
    // An Event of a browser has neither `data` nor `lastEventId`.
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event as ServerSentEvent)
  }

  async #read(url: string): Promise<void> {
    const event = (received: ServerSentEvent): void => {
      if (this.readyState === 1) this.#emit(received)
    }
    const stream = new EventStream({ id() {}, event, retry() {} }, '')
    try {
      const response = await fetch(url, { signal: this.#controller.signal })
      if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
      this.readyState = 1
      this.#emit(new Event('open'))
      for await (const chunk of response.body ?? []) stream.push(chunk)
    } catch {
      // Reported below, as the end of the stream.
    }
    if (this.readyState === 2) return
    this.readyState = 0
    this.#emit(new Event('error'))
  }
}
