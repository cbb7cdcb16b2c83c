import { refusalError, WirefoldError } from '../base/errors.ts'
import type { OneOrMany } from '../base/one-or-many.ts'
import { append, remove, toArray } from '../base/one-or-many.ts'
import type { Readable, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { GapReason } from './continuity.ts'
import { Continuity } from './continuity.ts'
import type { ChannelHandler, ChannelStatus } from './subscription.ts'
import type { SubscriptionInput, SubscriptionState } from './subscription-state.ts'
import { subscription, unsubscribed } from './subscription-state.ts'

const PENDING: ChannelStatus = { name: 'pending' }
const LIVE: ChannelStatus = { name: 'live' }

/** One handler of a channel. */
export interface Listener {
  readonly handler: ChannelHandler<never>
  readonly onError: ((error: WirefoldError) => void) | undefined
  /** False once it was released; it is then skipped even by a delivery that is under way. */
  live: boolean
  /** Settles its `ready`, where somebody asked for that. */
  settle: ((error: WirefoldError | undefined) => void) | undefined
}

/** One channel: its place in the subscription machine, its handlers, and its status. */
export class Channel {
  readonly name: string
  readonly continuity = new Continuity()
  /** The last thing said about it: only the answer to that counts. */
  said: string | undefined
  readonly #port: ClientPort
  #state: SubscriptionState = unsubscribed
  #status: Writable<ChannelStatus> | undefined
  #refused: WirefoldError | undefined
  /** One object per gap, so that whoever follows the status hears of each once. */
  #gap: ChannelStatus | undefined
  /** When it was last known to be complete. */
  #asOf = 0
  #folds: OneOrMany<Listener>
  #handles: OneOrMany<Listener>

  constructor(name: string, port: ClientPort) {
    this.name = name
    this.#port = port
  }

  /** What is wanted of it, and what the server has. */
  get state(): SubscriptionState {
    return this.#state
  }

  /** How many listen. */
  get handlers(): number {
    return toArray(this.#folds).length + toArray(this.#handles).length
  }

  /** How it stands, made into a store once somebody looks. */
  get status(): Readable<ChannelStatus> {
    this.#status ??= createStore<ChannelStatus>(this.#statusNow(), {
      onError: this.#port.report,
    })
    return this.#status
  }

  /** Feeds an input to the machine; true where that changed anything. */
  input(input: SubscriptionInput): boolean {
    const before = this.#state
    const after = subscription(before, input)
    if (after === before) return false
    if (before.actual === 'live' && !this.#gap) this.#asOf = this.#port.clock.wall()
    this.#state = after
    if (after.actual === before.actual) return true
    this.#refused = after.refusal && refusalError(this.name, after.refusal)
    if (this.#refused) this.continuity.forget()
    this.#tell()
    if (after.actual === 'live') this.settle(undefined)
    if (this.#refused) this.#refuse(this.#refused)
    return true
  }

  /** The subscribe was answered with a yes: whatever the status says now is said before any event. */
  joined(at: Position | undefined, named: boolean): void {
    const reason = this.continuity.answered(at, named)
    if (reason) this.#gap = { name: 'gap', reason, asOf: this.#asOf }
    this.input({ name: 'acked' })
  }

  /** What a gap has cost was fetched by other means. */
  caughtUp(): void {
    this.#gap = undefined
    this.#tell()
  }

  /** Adds a handler. */
  add(listener: Listener, stage: 'fold' | 'handle'): void {
    if (stage === 'fold') this.#folds = append(this.#folds, listener)
    else this.#handles = append(this.#handles, listener)
  }

  /** Removes a handler. */
  remove(listener: Listener): void {
    this.#folds = remove(this.#folds, listener)
    this.#handles = remove(this.#handles, listener)
  }

  /**
   * Gives an event to everybody, first those that fold, then those that handle, if it follows on what
   * was given before.
   *
   * @returns false where events before it are missing
   */
  deliver(event: EventFrame): boolean {
    const { continuity } = this
    // While we ask anew the answer brings everything that is missing.
    if (event.offset !== undefined && continuity.begun && this.#state.actual !== 'live') return true
    const verdict = continuity.judge(event)
    if (verdict === 'drop') return true
    if (verdict === 'missing') return false
    if (verdict !== 'deliver') this.#break(verdict)
    this.#deliverTo(this.#folds, event)
    this.#deliverTo(this.#handles, event)
    if (this.#gap && this.#isWhole(event)) this.caughtUp()
    return true
  }

  /** Settles every `ready` that is asked for. */
  settle(error: WirefoldError | undefined): void {
    for (const listener of this.#listeners()) {
      const { settle } = listener
      listener.settle = undefined
      settle?.(error)
    }
  }

  /** Whether an event holds our whole state; a member's is not that of its family. */
  #isWhole({ channel, type }: EventFrame): boolean {
    return channel === this.name && (this.#port.dialect.snapshots?.includes(type) ?? false)
  }

  #deliverTo(listeners: OneOrMany<Listener>, event: EventFrame): void {
    // The lone listener is called without making a list of it: this is where every event passes.
    if (listeners === undefined) return
    if ('handler' in listeners) this.#call(listeners, event)
    else for (const listener of listeners) this.#call(listener, event)
  }

  #call({ live, handler }: Listener, event: EventFrame): void {
    if (!live) return
    try {
      // The payload is what the handler said it expects.
      const expected = event as EventFrame<string, never>
      const result = handler(expected.payload, expected)
      if (result instanceof Promise) result.catch((cause) => this.#handlerFailed(cause, event))
    } catch (cause) {
      this.#handlerFailed(cause, event)
    }
  }

  #handlerFailed(cause: unknown, { type }: EventFrame): void {
    const where = `${this.name} ${type}`
    const message = `A handler of ${this.name} failed on ${type}; the others were called.`
    this.#port.report(new WirefoldError('handler-failed', message, { where }, { cause }))
  }

  /** Each handler's `ready`, else its onError; where one of them has neither, the client hears once. */
  #refuse(error: WirefoldError): void {
    let unheard = false
    for (const listener of this.#listeners()) {
      const { settle, onError } = listener
      listener.settle = undefined
      if (settle) settle(error)
      else if (onError) {
        try {
          onError(error)
        } catch (thrown) {
          this.#port.report(thrown)
        }
      } else unheard = true
    }
    if (unheard) this.#port.report(error)
  }

  #listeners(): readonly Listener[] {
    return [...toArray(this.#folds), ...toArray(this.#handles)]
  }

  #break(reason: GapReason): void {
    if (!this.#gap) this.#asOf = this.#port.clock.wall()
    this.#gap = { name: 'gap', reason, asOf: this.#asOf }
    this.#tell()
  }

  #tell(): void {
    const before = this.#status?.get()
    const after = this.#statusNow()
    // A step within the machine that looks the same from outside is none.
    if (before?.name !== after.name || after.name === 'gap') this.#status?.set(after)
  }

  #statusNow(): ChannelStatus {
    if (this.#refused) return { name: 'refused', error: this.#refused }
    if (this.#gap) return this.#gap
    const { wanted, actual } = this.#state
    if (actual === 'live' && wanted) return LIVE
    return this.continuity.begun && wanted ? { name: 'recovering', asOf: this.#asOf } : PENDING
  }
}
