import { refusalError, WirefoldError } from '../base/errors.ts'
import type { Few } from '../base/few.ts'
import { each, minus, plus } from '../base/few.ts'
import type { Readable, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { EventFrame } from '../wire/frame.ts'
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
  readonly #report: (error: unknown) => void
  #state: SubscriptionState = unsubscribed
  #status: Writable<ChannelStatus> | undefined
  #refused: ChannelStatus | undefined
  #folds: Few<Listener>
  #handles: Few<Listener>

  constructor(name: string, report: (error: unknown) => void) {
    this.name = name
    this.#report = report
  }

  /** What is wanted of it, and what the server has. */
  get state(): SubscriptionState {
    return this.#state
  }

  /** How many listen. */
  get handlers(): number {
    return each(this.#folds).length + each(this.#handles).length
  }

  /** How it stands, made into a store once somebody looks. */
  get status(): Readable<ChannelStatus> {
    this.#status ??= createStore<ChannelStatus>(this.#statusNow(), { onError: this.#report })
    return this.#status
  }

  /** Feeds an input to the machine; true where that changed anything. */
  input(input: SubscriptionInput): boolean {
    const before = this.#state
    const after = subscription(before, input)
    if (after === before) return false
    this.#state = after
    if (after.actual === before.actual) return true
    this.#refused = after.refusal && {
      name: 'refused',
      error: refusalError(this.name, after.refusal),
    }
    this.#status?.set(this.#statusNow())
    if (after.actual === 'live') this.settle(undefined)
    if (this.#refused?.name === 'refused') this.#refuse(this.#refused.error)
    return true
  }

  /** Adds a handler. */
  add(listener: Listener, stage: 'fold' | 'handle'): void {
    if (stage === 'fold') this.#folds = plus(this.#folds, listener)
    else this.#handles = plus(this.#handles, listener)
  }

  /** Removes a handler. */
  remove(listener: Listener): void {
    this.#folds = minus(this.#folds, listener)
    this.#handles = minus(this.#handles, listener)
  }

  /** Gives an event to everybody: first those that fold, then those that handle. */
  deliver(event: EventFrame): void {
    this.#deliverTo(this.#folds, event)
    this.#deliverTo(this.#handles, event)
  }

  /** Settles every `ready` that is asked for. */
  settle(error: WirefoldError | undefined): void {
    for (const listener of this.#listeners()) {
      const { settle } = listener
      listener.settle = undefined
      settle?.(error)
    }
  }

  #deliverTo(listeners: Few<Listener>, event: EventFrame): void {
    // The lone listener is called without making a list of it: this is where every event passes.
    if (listeners === undefined) return
    if ('handler' in listeners) this.#call(listeners, event)
    else for (const listener of listeners) this.#call(listener, event)
  }

  #call({ live, handler }: Listener, event: EventFrame): void {
    if (!live) return
    try {
      const result = handler(event.payload as never, event)
      if (result instanceof Promise) result.catch((cause) => this.#handlerFailed(cause, event))
    } catch (cause) {
      this.#handlerFailed(cause, event)
    }
  }

  #handlerFailed(cause: unknown, { type }: EventFrame): void {
    const where = `${this.name} ${type}`
    const message = `A handler of ${this.name} failed on ${type}; the others were called.`
    this.#report(new WirefoldError('handler-failed', message, { where }, { cause }))
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
          this.#report(thrown)
        }
      } else unheard = true
    }
    if (unheard) this.#report(error)
  }

  #listeners(): readonly Listener[] {
    return [...each(this.#folds), ...each(this.#handles)]
  }

  #statusNow(): ChannelStatus {
    if (this.#refused) return this.#refused
    const { wanted, actual } = this.#state
    return actual === 'live' && wanted ? LIVE : PENDING
  }
}
