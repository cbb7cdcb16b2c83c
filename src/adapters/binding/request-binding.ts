import type { Unsubscribe } from '../../base/emitter.ts'
import type { Readable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import type { ClientPort } from '../../ports/client-port.ts'
import type { RequestOptions } from '../../ports/outgoing-request.ts'

/** The state of the requests that a component sends. */
export interface RequestView<Answer> {
  /** Whether one of them waits for its reply. */
  readonly pending: boolean
  /** The error of the one sent last; `undefined` while it waits, and after its reply. */
  readonly error: unknown
  /** The reply to the last that was answered, while no later one was. */
  readonly reply: Answer | undefined
}

/** The requests of one type that a component sends. */
export interface RequestBinding {
  readonly view: Readable<RequestView<unknown>>
  /** Sends a request. An unused result causes no unhandled rejection: the view shows the error. */
  send(payload?: unknown, options?: RequestOptions): Promise<unknown>
  /** Allows requests until the returned function is called, which aborts those that wait for their replies. */
  hold(): Unsubscribe
}

/** The part of a client that sends requests. */
export interface RequestClient {
  readonly port: Pick<ClientPort, 'report'>
  request(type: string, payload?: unknown, options?: RequestOptions): Promise<unknown>
}

const IDLE: RequestView<unknown> = { pending: false, error: undefined, reply: undefined }

/** Returns the requests of a type, none sent yet. */
export function requestBinding(client: RequestClient, type: string): RequestBinding {
  const view = followedStore(IDLE, client.port.report)
  const waiting = new Set<AbortController>()
  let newest: AbortController | undefined
  let isReleased = false

  function settled(control: AbortController, outcome: Partial<RequestView<unknown>>): void {
    if (!waiting.delete(control)) return
    const shown = control === newest ? outcome : {}
    view.set({ ...view.get(), ...shown, pending: waiting.size > 0 })
  }

  async function run(payload: unknown, options: RequestOptions): Promise<unknown> {
    const control = new AbortController()
    const abort = (): void => control.abort()
    const { signal } = options
    if (signal?.aborted || isReleased) abort()
    else signal?.addEventListener('abort', abort)
    newest = control
    waiting.add(control)
    view.set({ ...view.get(), pending: true, error: undefined })
    try {
      const reply = await client.request(type, payload, { ...options, signal: control.signal })
      settled(control, { reply })
      return reply
    } catch (error) {
      settled(control, { error })
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  function release(): void {
    isReleased = true
    const all = [...waiting]
    waiting.clear()
    if (all.length > 0) view.set({ ...view.get(), pending: false })
    for (const control of all) control.abort()
  }

  return {
    view,
    send(payload, options = {}) {
      const sent = run(payload, options)
      sent.catch(() => {})
      return sent
    },
    hold() {
      isReleased = false
      return release
    },
  }
}
