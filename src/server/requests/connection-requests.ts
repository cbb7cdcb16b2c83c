import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { RunOnceDeps } from './deduplicate.ts'
import { runOnce } from './deduplicate.ts'
import type { Caller } from './run-request.ts'

/** The requests and publishes of one connection. */
export class ConnectionRequests {
  readonly #deps: RunOnceDeps
  readonly #receiver: ChannelReceiver & { readonly id: string }
  readonly #onDone: () => void
  readonly #gone = new AbortController()
  #open = 0

  /** @param onDone called after each request, unless the connection is gone before it starts */
  constructor(
    deps: RunOnceDeps,
    receiver: ChannelReceiver & { readonly id: string },
    onDone: () => void,
  ) {
    this.#deps = deps
    this.#receiver = receiver
    this.#onDone = onDone
  }

  /** Number of requests and publishes under way. */
  get open(): number {
    return this.#open
  }

  /** Runs a request once `before` has settled, and sends the reply. Never rejects. */
  async take(
    command: PublishCommand | RequestCommand,
    { user, senderId }: Pick<Caller, 'user' | 'senderId'>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    this.#open += 1
    if (before) await before
    const { signal } = this.#gone
    if (signal.aborted) return
    const { dialect, id: connectionId } = this.#receiver
    const caller = { user, senderId, dialect, connectionId, signal }
    const text = await runOnce(this.#deps, caller, command)
    const wantsReply = command.requestId !== undefined || command.kind === 'request'
    if (text && wantsReply) this.#receiver.send(text)
    this.#open -= 1
    this.#onDone()
  }

  /** Aborts the requests when the connection is gone; those that have not started never run. */
  end(): void {
    this.#gone.abort()
  }
}
