/*
 * Decides whether the peer is still there. It is pure: the shell in heartbeat.ts ticks at nextTick(),
 * sends the pings and ends the link.
 *
 * A ping goes out when the last one is old enough, also while other frames arrive, and sooner when silence is
 * suspicious: a request is unanswered, or nothing comes although something used to. A running probe
 * has a deadline from the connection's own round trips (RFC 6298). Frames that arrive extend it, up
 * to a limit, but only a pong, or the reply to a message sent later, ends it: broadcasts may go on
 * arriving while no message of the client leaves. Signs that a slow link carries something both ways
 * (a reply, a part of a large message, bytes that leave the client's buffer) extend it without a
 * limit: the ping or its pong waits behind that.
 *
 * A background tab runs its timers once a minute, a sleeping machine not at all. So a deadline that
 * passed while the timer did not run is not believed; it is probed once more.
 */

/** The constants of the decision, in milliseconds. */
export interface HeartbeatRules {
  /** From one ping to the next. */
  readonly intervalMs: number
  /** The longest time for a pong. */
  readonly timeoutMs: number
  /** Factor on the usual deadline of a ping. */
  readonly patience: number
}

/** Measurements of one link. Times are the clock's `now()`. */
export interface HeartbeatState {
  readonly tickedAt: number
  readonly wall: number
  readonly pingedAt: number
  /** Time of the last ping because of silence or of a missing reply. */
  readonly probedAt: number | undefined
  /** Time of the last frame other than a pong. */
  readonly receivedAt: number
  /** The usual time between frames; `undefined` before there were two. */
  readonly gapMs: number | undefined
  /** Whether this silence was probed already. */
  readonly silenceProbed: boolean
  readonly probe: Probe | undefined
  /** The smoothed round trip and its variation; `undefined` before the first. */
  readonly srttMs: number | undefined
  readonly rttvarMs: number
  readonly lastRttMs: number | undefined
  /** Number of pings; with each of them the shell sends one. */
  readonly pings: number
  /** Whether the peer is gone; the shell ends the link. */
  readonly dead: boolean
}

/** A ping whose pong is awaited. */
export interface Probe {
  readonly sentAt: number
  readonly deadline: number
  /** Whether it repeats one whose deadline was not believed. */
  readonly again: boolean
  /** Whether it waits behind a large transfer, which its round trip then includes. */
  readonly delayed: boolean
}

/** What the shell has observed since the last tick. */
export interface Tick {
  readonly now: number
  readonly wall: number
  /** Number of frames other than pongs. */
  readonly received: number
  /** Travel time of the last of them, 0 if it is not known. */
  readonly lagMs: number
  /** Time at which the first message after `probedAt` was sent that is not answered yet; else infinity. */
  readonly unansweredSince: number
}

/** Share of `timeoutMs` by which a sign of life extends a deadline: it was noticed a tick late. */
const SHARE = 0.9
/** Interval of ticks. */
const TICK_MS = 1_000
/** The shortest deadline of a probe. */
const LEAST_DEADLINE_MS = 2_000
/** The longest deadline of a probe, at any patience. */
const LONGEST_DEADLINE_MS = 80_000
/** A tick this late, or a wall clock that ran so far ahead, means that the machine slept. */
const ASLEEP_MS = 10_000
/** Maximum delay of a tick; after a later one, deadlines are checked by another ping. */
const LATE_MS = 2 * TICK_MS
/** Silence is suspicious after this many times the usual gap between frames, ... */
const GAPS = 4
/** ... and not before. */
const LEAST_SILENCE_MS = 3_000

/** Returns the state right after the welcome. */
export function heartbeatStart(now: number, wall: number): HeartbeatState {
  return {
    tickedAt: now,
    wall,
    pingedAt: now,
    probedAt: undefined,
    receivedAt: now,
    gapMs: undefined,
    silenceProbed: false,
    probe: undefined,
    srttMs: undefined,
    rttvarMs: 0,
    lastRttMs: undefined,
    pings: 0,
    dead: false,
  }
}

/** Returns the time of the next tick. */
export function nextTick({ tickedAt, probe }: HeartbeatState): number {
  return Math.min(tickedAt + TICK_MS, probe?.deadline ?? Number.POSITIVE_INFINITY)
}

/** Returns the state after the pong to the last ping; `rttMs` is left out if the pong names no ping. */
export function ponged(state: HeartbeatState, rttMs?: number): HeartbeatState {
  return { ...(rttMs === undefined ? state : measured(state, rttMs)), probe: undefined }
}

/**
 * Returns the state after the link has carried the reply to a message that was sent at `saidAt`, or has
 * gone on with a large message.
 */
export function carried(
  state: HeartbeatState,
  now: number,
  { timeoutMs }: Pick<HeartbeatRules, 'timeoutMs'>,
  saidAt: number = Number.NEGATIVE_INFINITY,
): HeartbeatState {
  return state.probe && saidAt >= state.probe.sentAt
    ? { ...state, probe: undefined }
    : extended(state, now + SHARE * timeoutMs, true)
}

/** Returns the state after a ping, whose pong has a deadline; `again`: it repeats the one before. */
export function probed(
  state: HeartbeatState,
  now: number,
  rules: HeartbeatRules,
  again = false,
): HeartbeatState {
  const deadline = now + answerDeadlineMs(state, rules)
  const probe = { sentAt: now, deadline, again, delayed: false }
  return { ...state, pingedAt: now, pings: state.pings + 1, probe }
}

/** Returns the state after a tick: once a second has passed, or more. */
export function ticked(before: HeartbeatState, tick: Tick, rules: HeartbeatRules): HeartbeatState {
  const { now, wall, unansweredSince } = tick
  const state = withReceived(before, tick, rules)
  const late = now - nextTick(before)
  // The machine slept, or the wall clock was set: the peer had no time to answer in either case.
  const jumped = wall - before.wall - (now - before.tickedAt) > ASLEEP_MS
  const running = state.probe
  const expired = running && now >= running.deadline
  if (!jumped && expired && (late < LATE_MS || running.again)) return { ...state, dead: true }
  if (jumped || expired || late > ASLEEP_MS) return probed(state, now, rules, true)
  if (running) return state
  if (now - state.pingedAt >= rules.intervalMs) return probed(state, now, rules)
  const deadlineMs = Math.min(answerDeadlineMs(state, rules), rules.timeoutMs)
  const ignored = now - unansweredSince >= Math.max(LEAST_SILENCE_MS, deadlineMs)
  const quiet =
    state.gapMs !== undefined &&
    !state.silenceProbed &&
    now - state.receivedAt >= Math.max(LEAST_SILENCE_MS, GAPS * state.gapMs)
  return ignored || quiet
    ? probed({ ...state, silenceProbed: true, probedAt: now }, now, rules)
    : state
}

/** Returns the time limit of a pong, from the round trips so far: RFC 6298, section 2, within limits. */
export function answerDeadlineMs(
  { srttMs, rttvarMs }: HeartbeatState,
  { timeoutMs, patience }: HeartbeatRules,
): number {
  const rto = srttMs === undefined ? LEAST_DEADLINE_MS : srttMs + 4 * rttvarMs
  const usual = Math.min(Math.max(rto, LEAST_DEADLINE_MS), timeoutMs)
  return Math.min(usual * patience, Math.max(usual, LONGEST_DEADLINE_MS))
}

/** Extends the deadline of a running probe, unless it is later already. */
function extended(state: HeartbeatState, until: number, delayed: boolean): HeartbeatState {
  const { probe } = state
  if (!probe) return state
  const deadline = Math.max(probe.deadline, until)
  return { ...state, probe: { ...probe, deadline, delayed: probe.delayed || delayed } }
}

/** Counts the frames that have arrived since the last tick. */
function withReceived(state: HeartbeatState, tick: Tick, rules: HeartbeatRules): HeartbeatState {
  const { now, wall, received, lagMs } = tick
  const ticked = { ...state, tickedAt: now, wall }
  if (received === 0) return ticked
  const gap = (now - state.receivedAt) / received
  const { gapMs = gap } = state
  const smoothed = gapMs + (gap - gapMs) / 8
  const arrived = { ...ticked, receivedAt: now, gapMs: smoothed, silenceProbed: false }
  // The peer is there, but the client's messages may not leave, so not without a limit. A pong
  // travels as long as these frames did.
  const limit = (state.probe?.sentAt ?? now) + rules.timeoutMs + lagMs
  return extended(
    arrived,
    Math.min(now + SHARE * rules.timeoutMs, limit),
    lagMs > LEAST_DEADLINE_MS,
  )
}

/** Applies a round trip; the constants are those of RFC 6298, section 2. */
function measured(state: HeartbeatState, rttMs: number): HeartbeatState {
  if (state.probe?.delayed && rttMs > LEAST_DEADLINE_MS) return state
  const { srttMs = rttMs, rttvarMs } = state
  return {
    ...state,
    lastRttMs: rttMs,
    srttMs: srttMs + (rttMs - srttMs) / 8,
    rttvarMs:
      state.srttMs === undefined ? rttMs / 2 : rttvarMs + (Math.abs(srttMs - rttMs) - rttvarMs) / 4,
  }
}
