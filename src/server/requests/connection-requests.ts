import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { RunOnceDeps } from './deduplicate.ts'
import { runOnce } from './deduplicate.ts'
import type { Caller } from './run-request.ts'

/** The requests and publishes of one connection. */
export class ConnectionRequests {
  readonly #deps: RunOnceDeps
  readonly #receiver: ChannelReceiver & { readonly id: string }
  readonly #rested: () => void
  readonly #gone = new AbortController()
  #open = 0

  /** @param rested called whenever one is done */
  constructor(
    deps: RunOnceDeps,
    receiver: ChannelReceiver & { readonly id: string },
    rested: () => void,
  ) {
    this.#deps = deps
    this.#receiver = receiver
    this.#rested = rested
  }

  /** How many are under way. */
  get open(): number {
    return this.#open
  }

  /** Carries one out once `before` has settled, and answers it. Never rejects. */
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
    const due = command.requestId !== undefined || command.kind === 'request'
    if (text && due) this.#receiver.send(text)
    this.#open -= 1
    this.#rested()
  }

  /** The connection is gone. */
  end(): void {
    this.#gone.abort()
  }
}
