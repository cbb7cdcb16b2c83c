import type { Cancel, Clock } from '../base/clock.ts'
import type { PongFrame } from '../protocol/frame.ts'
import type { HeartbeatInput, HeartbeatRules, HeartbeatState } from './heartbeat-state.ts'
import { heartbeat, heartbeatStart, nextTick } from './heartbeat-state.ts'

/** How signs of life are asked for. */
export interface HeartbeatOptions {
  /**
   * From one ping to the next, in milliseconds, unless the server wants it otherwise; from 1,000 to
   * 50,000, since proxies on the way close what is silent for a minute.
   * @default 25_000
   */
  readonly intervalMs?: number | undefined
  /**
   * The longest an answer may take, in milliseconds; usually much less is enough to know.
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined
}

/** What holds where nothing is said. */
export const heartbeatDefaults = { intervalMs: 25_000, timeoutMs: 10_000 } as const

/** By how much a death prolongs the patience, and the most that it grows to: about a minute. */
const [GROWTH, MOST_PATIENCE] = [3, 27]
const SHORTEST_INTERVAL_MS = 1_000
/** The longest interval that survives the idle timeouts of common proxies. */
const LONGEST_INTERVAL_MS = 50_000

/** The rules that follow from the options, and from what the server wants. */
function rulesOf(
  { intervalMs, timeoutMs }: HeartbeatOptions,
  serverMs?: number,
): Omit<HeartbeatRules, 'patience'> {
  const wanted = intervalMs ?? serverMs ?? heartbeatDefaults.intervalMs
  return {
    intervalMs: Math.min(Math.max(wanted, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS),
    timeoutMs: timeoutMs ?? heartbeatDefaults.timeoutMs,
  }
}

/**
 * How many times its usual deadline a ping has: 1, or more after a link died while an answer was due,
 * until all are there. That answer may be large, and the link slow: a message is seen only once all of
 * it has arrived.
 */
export interface Patience {
  times: number
}

/** What a heartbeat needs around it. */
export interface HeartbeatDeps {
  readonly clock: Clock
  /** Sends a ping that carries this timestamp. */
  ping(timestamp: number): void
  /** When the first thing was said, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined
  /** The server's time, where it is known. */
  serverTime(): number | undefined
  /** Bytes that were said and have not left yet. */
  bufferedAmount(): number
  /** The peer is gone. */
  dead(): void
  /** Of all links of a connection, one after the other. */
  readonly patience: Patience
}

/** The shell of heartbeat-state.ts, for one open connection. */
export class Heartbeat {
  readonly #deps: HeartbeatDeps
  readonly #rules: Omit<HeartbeatRules, 'patience'>
  #state: HeartbeatState
  #received = 0
  /** When the last event since the last tick was sent, by the server's clock. */
  #eventSentAt: number | undefined
  #buffered = 0
  #ping: { readonly timestamp: number; readonly sentAt: number } | undefined
  #cancel: Cancel | undefined

  /** @param serverMs how often the server wants to hear from us, where it says so */
  constructor(deps: HeartbeatDeps, options: HeartbeatOptions, serverMs?: number) {
    this.#deps = deps
    this.#rules = rulesOf(options, serverMs)
    this.#state = heartbeatStart(deps.clock.now(), deps.clock.wall())
  }

  /** Begins to look, until {@link Heartbeat.stop}. */
  start(): void {
    this.#arm()
  }

  /** What is known of the peer. */
  get state(): HeartbeatState {
    return this.#state
  }

  /** A frame came that is no pong. Counted only: this is where every event passes. */
  received(eventSentAt?: number): void {
    this.#received++
    if (eventSentAt !== undefined) this.#eventSentAt = eventSentAt
  }

  /** The link carries something large, and goes on with it. */
  progress(): void {
    this.#input({ name: 'carried', now: this.#deps.clock.now(), saidAt: undefined })
  }

  /**
   * A pong came.
   *
   * @returns the round trip in milliseconds, where it answers our last ping
   */
  pong({ timestamp }: PongFrame): number | undefined {
    const now = this.#deps.clock.now()
    const ping = this.#ping
    if (timestamp === undefined) this.#input({ name: 'pong', now, sentAt: undefined })
    // One to an earlier ping says nothing of what has happened since.
    if (timestamp === undefined || timestamp !== ping?.timestamp) return undefined
    this.#ping = undefined
    this.#input({ name: 'pong', now, sentAt: ping.sentAt })
    return now - ping.sentAt
  }

  /** A reply came to something that was said at `saidAt`. */
  answered(saidAt: number): void {
    const { clock, patience, unansweredSince } = this.#deps
    if (patience.times > 1 && unansweredSince(undefined) === undefined) patience.times = 1
    this.#input({ name: 'carried', now: clock.now(), saidAt })
  }

  /** There is reason to look now. */
  wake(): void {
    this.#input({ name: 'wake', now: this.#deps.clock.now() })
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel?.()
  }

  #arm(): void {
    const { clock } = this.#deps
    this.#cancel?.()
    this.#cancel = clock.after(nextTick(this.#state) - clock.now(), () => this.#tick())
  }

  #tick(): void {
    const { clock } = this.#deps
    const received = this.#received
    const lagMs = this.#lagMs
    this.#received = 0
    this.#eventSentAt = undefined
    const buffered = this.#deps.bufferedAmount()
    if (buffered < this.#buffered) this.progress()
    this.#buffered = buffered
    const unansweredSince = this.#deps.unansweredSince(this.#state.probedAt)
    const [now, wall] = [clock.now(), clock.wall()]
    this.#input({ name: 'tick', now, wall, received, lagMs, unansweredSince })
  }

  /** How long the last event travelled; 0 where that is not known. */
  get #lagMs(): number {
    const [sentAt, time] = [this.#eventSentAt, this.#deps.serverTime()]
    return sentAt === undefined || time === undefined ? 0 : Math.max(0, time - sentAt)
  }

  #input(input: HeartbeatInput): void {
    const { patience } = this.#deps
    const rules = { ...this.#rules, patience: patience.times }
    const [state, command] = heartbeat(this.#state, input, rules)
    if (state === this.#state) return
    this.#state = state
    if (command === 'dead') {
      this.stop()
      if (this.#deps.unansweredSince(undefined) !== undefined) {
        patience.times = Math.min(patience.times * GROWTH, MOST_PATIENCE)
      }
      this.#deps.dead()
      return
    }
    this.#arm()
    if (command === 'ping') {
      const { clock } = this.#deps
      this.#ping = { timestamp: clock.wall(), sentAt: clock.now() }
      this.#deps.ping(this.#ping.timestamp)
    }
  }
}
