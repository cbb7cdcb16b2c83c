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

const SHORTEST_INTERVAL_MS = 1_000
/** The longest interval that survives the idle timeouts of common proxies. */
const LONGEST_INTERVAL_MS = 50_000

/** The rules that follow from the options, and from what the server wants. */
function rulesOf({ intervalMs, timeoutMs }: HeartbeatOptions, serverMs?: number): HeartbeatRules {
  const wanted = intervalMs ?? serverMs ?? heartbeatDefaults.intervalMs
  return {
    intervalMs: Math.min(Math.max(wanted, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS),
    timeoutMs: timeoutMs ?? heartbeatDefaults.timeoutMs,
  }
}

/** What a heartbeat needs around it. */
export interface HeartbeatDeps {
  readonly clock: Clock
  /** Sends a ping that carries this timestamp. */
  ping(timestamp: number): void
  /** When the first thing was said, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined
  /** The peer is gone. */
  dead(): void
}

/** The shell of heartbeat-state.ts, for one open connection. */
export class Heartbeat {
  readonly #deps: HeartbeatDeps
  readonly #rules: HeartbeatRules
  #state: HeartbeatState
  #received = 0
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

  /** The last round trip and the smoothed one, in milliseconds, once there were any. */
  get roundTrip(): {
    readonly lastMs: number | undefined
    readonly smoothedMs: number | undefined
  } {
    return { lastMs: this.#state.lastRttMs, smoothedMs: this.#state.srttMs }
  }

  /** A frame came that is no pong. Counted only: this is where every event passes. */
  received(): void {
    this.#received++
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
    this.#input({ name: 'answered', saidAt })
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
    this.#received = 0
    const unansweredSince = this.#deps.unansweredSince(this.#state.probedAt)
    const [now, wall] = [clock.now(), clock.wall()]
    this.#input({ name: 'tick', now, wall, received, unansweredSince })
  }

  #input(input: HeartbeatInput): void {
    const [state, command] = heartbeat(this.#state, input, this.#rules)
    if (state === this.#state) return
    this.#state = state
    if (command === 'dead') {
      this.stop()
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
