import type { Cancel, Clock } from '../base/clock.ts'
import type { PongFrame } from '../protocol/frame.ts'
import type { HeartbeatRules, HeartbeatState } from './heartbeat-state.ts'
import { carried, heartbeatStart, nextTick, ponged, probed, ticked } from './heartbeat-state.ts'
import type { ReplyTable } from './reply-table.ts'
import type { ServerClock } from './server-clock.ts'

/** Default values of {@link HeartbeatOptions}. */
export const heartbeatDefaults = { intervalMs: 25_000, timeoutMs: 10_000 } as const

/** Factor by which a dead link increases the patience, and its upper bound: about a minute. */
const [GROWTH, MOST_PATIENCE] = [3, 27]
const SHORTEST_INTERVAL_MS = 1_000
/** The longest interval that survives the idle timeouts of common proxies. */
const LONGEST_INTERVAL_MS = 50_000

/** The shell of heartbeat-state.ts, for one link that the server has welcomed. */
export class Heartbeat {
  readonly #link: HeartbeatLink
  readonly #clock: Clock
  readonly #limits: Omit<HeartbeatRules, 'patience'>
  #state: HeartbeatState
  #received = 0
  /** Time at which the last event since the last tick was sent, by the server's clock. */
  #eventSentAt: number | undefined
  #buffered = 0
  /** The timestamp of the last ping, until its pong comes. */
  #timestamp: number | undefined
  #cancel: Cancel | undefined

  /** @param serverMs the interval that the server sets, if it does */
  constructor(link: HeartbeatLink, { intervalMs, timeoutMs }: HeartbeatOptions, serverMs?: number) {
    const wanted = intervalMs ?? serverMs ?? heartbeatDefaults.intervalMs
    this.#link = link
    this.#clock = link.owner.deps.clock
    this.#limits = {
      intervalMs: Math.min(Math.max(wanted, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS),
      timeoutMs: timeoutMs ?? heartbeatDefaults.timeoutMs,
    }
    this.#state = heartbeatStart(this.#clock.now(), this.#clock.wall())
  }

  /** Measurements of the peer. */
  get state(): HeartbeatState {
    return this.#state
  }

  /** Counts a frame that is no pong; every event takes this path. */
  received(eventSentAt?: number): void {
    this.#received++
    if (eventSentAt !== undefined) this.#eventSentAt = eventSentAt
  }

  /** Notes that the link goes on with a large message. */
  progress(): void {
    this.#carried()
  }

  /**
   * Handles a pong.
   *
   * @returns the round trip in milliseconds, if it answers the last ping
   */
  pong({ timestamp }: PongFrame): number | undefined {
    if (timestamp === undefined) {
      this.#set(ponged(this.#state))
      return undefined
    }
    // A pong to an earlier ping shows nothing of the time since.
    if (timestamp !== this.#timestamp) return undefined
    this.#timestamp = undefined
    const rttMs = this.#clock.now() - this.#state.pingedAt
    this.#set(ponged(this.#state, rttMs))
    return rttMs
  }

  /** Handles the reply to a message that was sent at `saidAt`. */
  answered(saidAt: number): void {
    const { owner } = this.#link
    if (owner.patience > 1 && !this.#isWaiting) owner.patience = 1
    this.#carried(saidAt)
  }

  /** Sends a ping now: the page is shown again, or the network is back. */
  wake(): void {
    this.#set(probed(this.#state, this.#clock.now(), this.#rules))
  }

  /** Ends it. */
  stop(): void {
    this.#cancel?.()
  }

  /** Sets the timer of the next tick; they go on until {@link stop}. */
  start(): void {
    this.#cancel?.()
    this.#cancel = this.#clock.after(nextTick(this.#state) - this.#clock.now(), () => this.#tick())
  }

  #tick(): void {
    const { bufferedAmount } = this.#link
    const received = this.#received
    const lagMs = this.#lagMs()
    this.#received = 0
    this.#eventSentAt = undefined
    if (bufferedAmount < this.#buffered) this.progress()
    this.#buffered = bufferedAmount
    const unansweredSince = this.#link.replies.unansweredSince(this.#state.probedAt)
    const [now, wall] = [this.#clock.now(), this.#clock.wall()]
    const tick = { now, wall, received, lagMs, unansweredSince }
    this.#set(ticked(this.#state, tick, this.#rules))
  }

  /** Whether a message that was sent is not answered yet. */
  get #isWaiting(): boolean {
    return this.#link.replies.unansweredSince() < Number.POSITIVE_INFINITY
  }

  /** Returns the travel time of the last event; 0 if it is not known. */
  #lagMs(): number {
    const [sentAt, time] = [this.#eventSentAt, this.#link.owner.deps.serverClock.present.server]
    return sentAt === undefined || time === undefined ? 0 : Math.max(0, time - sentAt)
  }

  get #rules(): HeartbeatRules {
    return { ...this.#limits, patience: this.#link.owner.patience }
  }

  #carried(saidAt?: number): void {
    this.#set(carried(this.#state, this.#clock.now(), this.#limits, saidAt))
  }

  #set(state: HeartbeatState): void {
    const before = this.#state
    if (state === before) return
    this.#state = state
    if (state.dead) {
      const { owner } = this.#link
      if (this.#isWaiting) owner.patience = Math.min(owner.patience * GROWTH, MOST_PATIENCE)
      this.#link.dead()
      return
    }
    this.start()
    if (state.pings === before.pings) return
    this.#timestamp = this.#clock.wall()
    this.#link.ping(this.#timestamp)
  }
}

/** Options of the detection of dead connections. */
export interface HeartbeatOptions {
  /**
   * Time from one ping to the next, in milliseconds, unless the server sets it; from 1,000 to 50,000,
   * since proxies on the way close connections that are silent for a minute.
   * @default 25_000
   */
  readonly intervalMs?: number | undefined
  /**
   * Longest time for a pong, in milliseconds; the connection's own round trips usually make it much
   * shorter.
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined
}

/** The link that a heartbeat watches. */
export interface HeartbeatLink {
  readonly owner: {
    readonly deps: { readonly clock: Clock; readonly serverClock: ServerClock }
    /**
     * Factor on the usual deadline of a ping: 1, or more after a link died while a reply was awaited,
     * until all replies are there. That reply may be large, and the link slow: a message is seen only
     * once all of it has arrived.
     */
    patience: number
  }
  readonly replies: ReplyTable
  readonly bufferedAmount: number
  ping(timestamp: number): void
  /** Ends the link, whose peer is gone. */
  dead(): void
}
