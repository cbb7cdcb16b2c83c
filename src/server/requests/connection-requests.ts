import type { Awaitable } from '../../base/deferred.ts'
import { andThen } from '../../base/deferred.ts'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import type { Encoded } from '../../protocol/server-dialect.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import { rateLimited } from '../access/refusals.ts'
import { refused } from '../broker/request-record.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { RunOnceDeps } from './deduplicate.ts'
import { runOnce, senderKeyOf } from './deduplicate.ts'
import { RequestSlots } from './request-slots.ts'
import type { Caller } from './run-request.ts'
import { encodeResult } from './run-request.ts'

/** Maximum number of requests of a connection that wait for others to end. */
const MOST_WAITING = 1_000
/** Time before a request that was refused because too many wait may be repeated, in milliseconds. */
const RETRY_MS = 1_000

/** The requests and publishes of one connection. */
export class ConnectionRequests {
  readonly #deps: RunOnceDeps
  readonly #receiver: ChannelReceiver & { readonly id: string }
  readonly #onDone: () => void
  readonly #gone = new AbortController()
  readonly #slots: RequestSlots
  #open = 0
  /** Whether the client has closed the connection, which was not lost. */
  #byPeer = false
  #caller: (Caller & { readonly sender: OpenSender }) | undefined

  /** @param onDone called after each request, unless the connection is gone before it starts */
  constructor(
    deps: RunOnceDeps,
    receiver: ChannelReceiver & { readonly id: string },
    onDone: () => void,
  ) {
    this.#deps = deps
    this.#receiver = receiver
    this.#onDone = onDone
    this.#slots = new RequestSlots(deps.mostRunning)
  }

  /** Number of requests and publishes under way. */
  get open(): number {
    return this.#open
  }

  /** Runs a request once `before` has settled, and sends the reply. Never throws or rejects. */
  take(
    command: PublishCommand | RequestCommand,
    sender: OpenSender,
    before: Promise<void> | undefined,
  ): Awaitable<void> {
    this.#open += 1
    return andThen(before, () => this.#start(command, sender))
  }

  #start(command: PublishCommand | RequestCommand, sender: OpenSender): Awaitable<void> {
    if (this.#isOver(command)) return
    if (command.kind === 'publish') return andThen(this.#run(command, sender), () => this.#done())
    if (this.#slots.waiting < MOST_WAITING) {
      return andThen(this.#turn(), () => this.#runInTurn(command, sender))
    }
    this.#refuse(command)
    this.#done()
  }

  /** Waits until this connection, then the server, runs fewer requests than its maximum. */
  #turn(): Awaitable<void> {
    return andThen(this.#slots.enter(), () => this.#deps.slots.enter())
  }

  #runInTurn(command: RequestCommand, sender: OpenSender): Awaitable<void> {
    const run = this.#isOver(command) ? undefined : this.#run(command, sender)
    return andThen(run, () => {
      this.#deps.slots.leave()
      this.#slots.leave()
      this.#done()
    })
  }

  #done(): void {
    this.#open -= 1
    this.#onDone()
  }

  #run(command: PublishCommand | RequestCommand, sender: OpenSender): Awaitable<void> {
    const known = this.#callerOf(sender)
    const { aborted } = this.#gone.signal
    // The signal has fired, which would keep a handler from its work.
    const caller = aborted ? { ...known, signal: new AbortController().signal } : known
    return andThen(runOnce(this.#deps, caller, command), (text) => this.#send(text))
  }

  /** Returns the sender as a caller, which is the same for all its requests. */
  #callerOf(sender: OpenSender): Caller {
    if (this.#caller?.sender === sender) return this.#caller
    const { user, senderId, tag } = sender
    const { dialect, id: connectionId } = this.#receiver
    const { signal } = this.#gone
    const senderKey = senderKeyOf(dialect, { user, senderId, connectionId })
    this.#caller = { sender, user, senderId, tag, dialect, connectionId, signal, senderKey }
    return this.#caller
  }

  #refuse(command: RequestCommand): void {
    const error = rateLimited(RETRY_MS)
    this.#deps.counters.refused(error.code)
    const text = encodeResult(this.#deps, this.#receiver.dialect, command, refused(error))
    this.#send(text)
  }

  #send(encoded: Encoded): void {
    for (const text of textsOf(encoded)) this.#receiver.send(text)
  }

  /**
   * Whether a request that has not started never runs: the connection is gone, and the client, which
   * has no answer yet, may repeat the request under its id or gave it up with the connection.
   */
  #isOver({ requestId }: PublishCommand | RequestCommand): boolean {
    if (!this.#gone.signal.aborted) return false
    const isKnown = requestId !== undefined && this.#receiver.dialect.dedupes !== false
    return isKnown || !this.#byPeer
  }

  /**
   * Aborts the requests when the connection is gone. Those that have not started never run, except
   * those without a known id, if the client has closed the connection: it considers them sent.
   */
  end(byPeer: boolean): void {
    this.#byPeer = byPeer
    this.#gone.abort()
  }
}

type OpenSender = Pick<Caller, 'user' | 'senderId' | 'tag'>
