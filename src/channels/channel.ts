import type { Deferred } from '../base/deferred.ts'
import type { Refusal, WirefoldError } from '../base/errors.ts'
import { handlerFailed, refusalError } from '../base/errors.ts'
import type { OneOrMany } from '../base/one-or-many.ts'
import { fromArray, toArray } from '../base/one-or-many.ts'
import type { Readable, Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { ClientPort, ControlReply } from '../ports/client-port.ts'
import type { EventFrame, SubscribedFrame } from '../protocol/frame.ts'
import type { GapReason } from './continuity.ts'
import { Continuity } from './continuity.ts'
import type { ChannelHandler, ChannelStatus } from './subscription.ts'
import type { SubscriptionInput, SubscriptionState } from './subscription-state.ts'
import { subscription, unsubscribed } from './subscription-state.ts'

const PENDING: ChannelStatus = { name: 'pending' }

/**
 * One channel: its subscription state, its handlers, and its status.
 *
 * It extends its continuity: one object less for each of many channels, and for each event to read.
 */
export class Channel extends Continuity {
  /** Desired and confirmed state of the subscription. */
  state: SubscriptionState = unsubscribed
  /** One object per gap, so that subscribers of the status are notified once per gap. */
  #gap: ChannelStatus | undefined
  /** The handler, if there is only one. */
  #only: ChannelHandler<never> | undefined
  /** Its handlers, in the order in which they are called. */
  #listeners: OneOrMany<Listener>
  readonly #owner: ChannelOwner
  /** Its name in intents and frames: the topic, and the parameters where these identify it. */
  readonly name: string
  /** Its name for the application. */
  readonly topic: string
  /** Id of the last request about it, until that is answered; replies to earlier ones are ignored. */
  requestId: string | undefined
  /** Releases the channel; made when its last handler is released for the first time. */
  leave: (() => void) | undefined
  /** The parameters given last, or a function that returns them. */
  params: unknown
  /** The error of the refusal, while the channel is refused. */
  refused: WirefoldError | undefined
  #status: Writable<ChannelStatus> | undefined
  /** Code of the refusal last reported; repeated refusals of retries are not reported again. */
  #reported: string | undefined
  /** Time at which all events were last known to have arrived. */
  #asOf = 0

  constructor(name: string, topic: string, owner: ChannelOwner) {
    super()
    this.name = name
    this.topic = topic
    this.#owner = owner
  }

  /** Whether the server has accepted the subscription, and has not refused or lost it since. */
  get isConfirmed(): boolean {
    return this.state.actual === 'live' || this.state.actual === 'ended'
  }

  /** Number of handlers. */
  get handlers(): number {
    return toArray(this.#listeners).length
  }

  /** Status of the channel; the store is created on first use. */
  get status(): Readable<ChannelStatus> {
    if (!this.#status) {
      this.#status = followedStore(PENDING, this.#owner.port.report)
      this.#status.set(Object.freeze(this.#statusNow()))
    }
    return this.#status
  }

  /**
   * Feeds an input to the state machine.
   *
   * @param refusal as in {@link subscription}
   * @param at the time of the input, by the wall clock; now by default
   */
  input(input: SubscriptionInput, refusal?: Refusal, at?: number): void {
    const before = this.state
    const after = subscription(before, input, refusal)
    if (after === before) return
    if (before.actual === 'live' && !this.#gap) this.#asOf = at ?? this.#owner.port.clock.wall()
    this.state = after
    if (after.actual !== before.actual) {
      const refused =
        after.actual === 'refused' && after.refusal
          ? refusalError(this.topic, after.refusal)
          : undefined
      this.refused = refused
      // A refusal for a time only is followed by a retry, which resumes at the position.
      if (after.refusal && after.refusal.retryAfterMs === undefined) this.forget('refused')
      if (after.actual === 'ended') {
        // A later subscribe starts anew.
        this.restart()
        this.#gap = undefined
      }
      this.#updateStatus()
      if (this.isConfirmed) this.settle(undefined)
      if (after.actual === 'live' || input === 'want') this.#reported = undefined
      if (refused) this.#refuse(refused)
    }
    this.#owner.changed(this)
  }

  /** Applies the reply to a subscribe or unsubscribe; `undefined` if none came in time. */
  answered(kind: 'subscribe' | 'unsubscribe', answer: ControlReply | undefined): void {
    this.requestId = undefined
    if (!answer) this.input('lost')
    // A server that refuses to unsubscribe does not have the subscription.
    else if (kind === 'unsubscribe') this.input('gone')
    else if (answer.kind === 'refusal') this.input('refused', answer.error)
    else this.#joined(answer.kind === 'subscribed' ? answer : undefined)
  }

  /** Applies a successful subscribe; the status is updated before any event is delivered. */
  #joined(frame: SubscribedFrame | undefined): void {
    const { name } = this
    const refusal = frame?.refused.get(name)
    if (refusal) this.input('refused', refusal)
    if (this.state.actual !== 'subscribing') return
    const reason = this.resumed(frame?.at.get(name), !!frame?.gaps.includes(name))
    if (reason) this.#gap = { name: 'gap', reason, asOf: this.#asOf }
    this.input('acked')
  }

  /** Subscribes anew, from the beginning. */
  renew(): void {
    this.restart()
    this.#owner.port.checks?.restart(this.name)
    this.input('renew')
  }

  /** Ends a gap, after the state was fetched by other means. */
  caughtUp(): void {
    this.#gap = undefined
    this.#updateStatus()
  }

  /** Adds a handler: behind those of its stage. */
  add(listener: Listener): void {
    const all = [...toArray(this.#listeners), listener]
    this.#listenTo(all.sort((one, other) => Number(other.folds) - Number(one.folds)))
  }

  /** Removes a handler. */
  remove(listener: Listener): void {
    this.#listenTo(toArray(this.#listeners).filter((other) => other !== listener))
  }

  #listenTo(listeners: readonly Listener[]): void {
    this.#listeners = fromArray(listeners)
    this.#only = listeners.length > 1 ? undefined : listeners[0]?.handler
  }

  /**
   * Delivers an event to the handlers, those of the stage `fold` first, if it follows on the events
   * delivered before; subscribes again if events before it are missing.
   */
  deliver(event: EventFrame): void {
    const { actual } = this.state
    if (actual === 'ended') return
    // The reply to a subscribe that is under way brings the missing events.
    if (event.offset !== undefined && this.begun && actual !== 'live') return
    const verdict = this.judge(event)
    if (verdict === 'drop') return
    if (verdict === 'missing') {
      this.input('missing')
      return
    }
    const reason = event.withheld || verdict
    if (reason !== 'deliver') this.#break(reason)
    if (event.withheld !== undefined) return
    // Most channels have one handler, which is called without a way through the list.
    if (this.#only) this.#call(this.#only, event)
    else {
      for (const { live, handler } of toArray(this.#listeners)) {
        if (live) this.#call(handler, event)
      }
    }
    if (this.#gap && this.#isWhole(event)) this.caughtUp()
  }

  /** Settles every `ready` that is pending; returns whether there was one. */
  settle(error: WirefoldError | undefined): boolean {
    let settled = false
    for (const listener of toArray(this.#listeners)) {
      const { ready } = listener
      listener.ready = undefined
      ready?.settle(error)
      settled ||= ready !== undefined
    }
    return settled
  }

  /** Whether an event contains the whole state of this channel, not of a member of its family. */
  #isWhole({ channel, type }: EventFrame): boolean {
    return channel === this.topic && (this.#owner.port.dialect.snapshots?.includes(type) ?? false)
  }

  #call(handler: ChannelHandler<never>, event: EventFrame): void {
    try {
      // The payload has the type that the handler expects; it is not checked.
      const expected = event as EventFrame<string, never>
      const result = handler(expected.payload, expected)
      if (result instanceof Promise) result.catch((cause) => this.#handlerFailed(cause, event))
    } catch (cause) {
      this.#handlerFailed(cause, event)
    }
  }

  #handlerFailed(cause: unknown, { type }: EventFrame): void {
    this.#owner.port.report(handlerFailed(`handler of ${this.topic} on ${type}`, cause))
  }

  /**
   * Rejects each handler's `ready`, else calls its `onError`; reports the refusal once if a handler
   * has neither.
   */
  #refuse(error: WirefoldError): void {
    const isRepeated = this.#reported === error.code
    this.#reported = error.code
    let unhandled = false
    for (const listener of toArray(this.#listeners)) {
      const { ready, onError } = listener
      listener.ready = undefined
      if (ready) ready.settle(error)
      else if (isRepeated) continue
      else if (onError) {
        try {
          onError(error)
        } catch (thrown) {
          this.#owner.port.report(thrown)
        }
      } else unhandled = true
    }
    if (unhandled) this.#owner.port.report(error)
  }

  #break(reason: GapReason): void {
    if (!this.#gap) this.#asOf = this.#owner.port.clock.wall()
    this.#gap = { name: 'gap', reason, asOf: this.#asOf }
    this.#updateStatus()
  }

  #updateStatus(): void {
    const status = this.#status
    if (!status) return
    const after = Object.freeze(this.#statusNow())
    // Internal steps that do not change the status are not published.
    if (status.get().name !== after.name || after.name === 'gap') status.set(after)
  }

  #statusNow(): ChannelStatus {
    if (this.refused) return { name: 'refused', error: this.refused }
    if (this.#gap) return this.#gap
    const { wanted, actual } = this.state
    if (actual === 'ended' || (actual === 'live' && wanted)) return { name: actual }
    return this.begun && wanted ? { name: 'recovering', asOf: this.#asOf } : PENDING
  }
}

/** The subscriber of a channel. */
export interface ChannelOwner {
  readonly port: ClientPort
  /** Handles a change of the state of the channel's subscription. */
  changed(channel: Channel): void
}

/** One handler of a channel. */
export interface Listener {
  readonly channel: Channel
  readonly handler: ChannelHandler<never>
  readonly onError: ((error: WirefoldError) => void) | undefined
  /** Whether it is of the stage `fold`. */
  readonly folds: boolean
  /** False once it was released; a delivery that is under way skips it then. */
  live: boolean
  /** The promise of `ready`, while that is pending. */
  ready: Deferred | undefined
}
