import type { Random } from 'wirefold/testing'
import type { Fault } from './fault.ts'

/** Limits of the figures of a run; times are in milliseconds. */
export interface Targets {
  readonly worstMs?: number
  readonly medianMs?: number
  readonly p95Ms?: number
  /** Longest time until a silent connection was closed. */
  readonly noticedMs?: number
  /** Longest time from the end of the last fault until every client is connected. */
  readonly returnMs?: number
  readonly reconnects?: number
  /** Most attempts to connect, of all clients, in any 250 ms: median of the seeds. */
  readonly peak?: number
  /** The same for the worst seed. */
  readonly worstPeak?: number
  /** Attempts to connect per client, until the last fault is over. */
  readonly attempts?: number
}

/** One row of the fault table. */
export interface Scenario {
  readonly name: string
  /** Expected behaviour, as part of the test title. */
  readonly promise: string
  /** Duration of the faults, in milliseconds. */
  readonly spanMs: number
  readonly clients: number
  /** Faults of a verdict that are permitted. */
  readonly excuses: readonly string[]
  readonly targets: Targets
  readonly schedule: (random: Random) => readonly Fault[]
}

function scenario(
  name: string,
  promise: string,
  schedule: Scenario['schedule'],
  rest: Partial<Scenario> = {},
): Scenario {
  const defaults = { spanMs: 20_000, clients: 1, excuses: [], targets: {} }
  return { ...defaults, name, promise, schedule, ...rest }
}

/** Repeats a fault, with `least` to `most` milliseconds from one to the next. */
function repeated(
  spanMs: number,
  least: number,
  most: number,
  fault: (at: number) => Fault,
): Scenario['schedule'] {
  return (random) => {
    const faults: Fault[] = []
    const step = (): number => least + random.below(most - least + 1)
    for (let at = step(); at < spanMs; at += step()) faults.push(fault(at))
    return faults
  }
}

/** Plays the given faults once. */
const once =
  (...faults: Fault[]): Scenario['schedule'] =>
  () =>
    faults

/** Permitted faults if bytes are changed; only permanent failures count. */
const BYTES_CHANGED = [
  ...['lost', 'silent', 'duplicated', 'disordered', 'unexplainedGaps', 'unreportedLosses'],
  ...['appliedTwice', 'appliedAgain', 'doneNotApplied', 'failedButApplied'],
  ...['unfolded', 'foreign', 'errors', 'serverErrors'],
]
/** Permitted faults if a client is offline for longer than the history and its timeouts. */
const TOO_LATE = ['lost', 'unexplainedGaps', 'failedButApplied']

/** The rows of the fault table. */
export const scenarios: readonly Scenario[] = [
  scenario('control', 'nothing happens', once(), { targets: { reconnects: 0 } }),
  scenario(
    'rst',
    'resets every 3 to 5 s lose nothing',
    repeated(20_000, 3_000, 5_000, (at) => ({ at, name: 'rst' })),
    { clients: 4, targets: { worstMs: 950, medianMs: 500 } },
  ),
  scenario(
    'fin',
    'ends of the stream every 3 to 5 s lose nothing',
    repeated(20_000, 3_000, 5_000, (at) => ({ at, name: 'fin' })),
    { clients: 4, targets: { worstMs: 950, medianMs: 500 } },
  ),
  scenario(
    'half-open',
    'a permanently silent connection is detected within 10 s',
    once({ at: 1_000, name: 'half-open' }),
    { targets: { noticedMs: 10_000, worstMs: 1_000 } },
  ),
  scenario(
    'outage',
    '8 s without a network are detected, and lose nothing',
    once({ at: 1_000, name: 'outage', ms: 8_000 }),
    { targets: { noticedMs: 10_000 } },
  ),
  scenario(
    'deaf',
    'data of the server that is delayed by 15 s loses nothing',
    once({ at: 1_000, name: 'deaf', ms: 15_000 }),
    { targets: { noticedMs: 10_000 } },
  ),
  scenario(
    'mute',
    'data of the client that is delayed by 15 s loses nothing',
    once({ at: 1_000, name: 'mute', ms: 15_000 }),
  ),
  scenario(
    'slow',
    'delays of 200 to 500 ms cause no reconnect',
    once({ at: 1_000, name: 'slow', ms: 18_000, least: 200, most: 500 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'throttle',
    'a rate of 4 kB/s causes no reconnect',
    once({ at: 1_000, name: 'throttle', ms: 18_000, bytesPerSecond: 4_000 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'frames',
    'fragments of frames, and many frames at once, lose nothing',
    once({ at: 1_000, name: 'shreds', ms: 4_000 }, { at: 6_000, name: 'bursts', ms: 4_000 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'corrupt',
    'flipped bits cause no permanent failure',
    once({ at: 1_000, name: 'corrupt', ms: 8_000, every: 1_500 }),
    { excuses: BYTES_CHANGED, targets: { returnMs: 5_000 } },
  ),
  scenario(
    'refuse',
    '6 s without a listening server lose nothing',
    once({ at: 1_000, name: 'refuse', ms: 6_000 }),
    { clients: 10, targets: { medianMs: 2_000, p95Ms: 6_000 } },
  ),
  scenario(
    'restart',
    'a server that lost its memory causes a gap on every channel',
    once({ at: 3_000, name: 'restart', ms: 500, memory: 'lost', how: 'killed' }),
    { targets: { worstMs: 1_200 } },
  ),
  scenario(
    'rolling',
    'a server whose successor has its memory loses nothing',
    once(
      { at: 2_000, name: 'restart', ms: 500, memory: 'kept', how: 'closed' },
      { at: 12_000, name: 'restart', ms: 500, memory: 'kept', how: 'killed' },
    ),
  ),
  scenario(
    'trimmed',
    'events that the history no longer contains are reported as a gap',
    once({ at: 1_000, name: 'refuse', ms: 330_000 }),
    { spanMs: 340_000, excuses: TOO_LATE },
  ),
  scenario('mixed', 'a mix of all faults loses nothing', mixed, {
    spanMs: 40_000,
    targets: { worstMs: 12_100, p95Ms: 3_000 },
  }),
  scenario(
    'storm',
    '40 clients that are reset for 8 s do not reconnect as a wave',
    once({ at: 1_000, name: 'refuse', ms: 8_000 }),
    { clients: 40, targets: { worstMs: 12_100, medianMs: 2_500, peak: 20, attempts: 5 } },
  ),
  scenario(
    'deploy',
    '40 clients reconnect spread over the window of an announced restart',
    once({ at: 1_000, name: 'restart', ms: 300, memory: 'kept', how: 'closed' }),
    { clients: 40, targets: { peak: 6, worstPeak: 10 } },
  ),
  scenario(
    'drain',
    '40 clients of a drained server move one by one, almost without interruption',
    once({ at: 1_000, name: 'restart', ms: 12_000, memory: 'kept', how: 'drained' }),
    { clients: 40, targets: { peak: 6, worstPeak: 10, worstMs: 250 } },
  ),
]

/** Returns the scenario with this name. */
export function scenarioOf(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (!found) throw new Error(`There is no scenario ${name}.`)
  return found
}

const kinds: readonly ((random: Random) => { fault: (at: number) => Fault; blocks: number })[] = [
  () => ({ fault: (at) => ({ at, name: 'rst' }), blocks: 0 }),
  () => ({ fault: (at) => ({ at, name: 'fin' }), blocks: 0 }),
  () => ({ fault: (at) => ({ at, name: 'half-open' }), blocks: 0 }),
  lasting((at, ms) => ({ at, name: 'deaf', ms }), false),
  lasting((at, ms) => ({ at, name: 'mute', ms }), false),
  lasting((at, ms) => ({ at, name: 'outage', ms }), true),
  lasting((at, ms) => ({ at, name: 'slow', ms, least: 200, most: 500 }), false),
  lasting((at, ms) => ({ at, name: 'throttle', ms, bytesPerSecond: 4_000 }), false),
  lasting((at, ms) => ({ at, name: 'bursts', ms }), false),
  lasting((at, ms) => ({ at, name: 'shreds', ms: ms / 4 }), false),
  lasting((at, ms) => ({ at, name: 'refuse', ms }), true),
  restarting('kept', 'closed'),
  restarting('kept', 'killed'),
  restarting('kept', 'drained'),
  restarting('lost', 'killed'),
]

function lasting(
  fault: (at: number, ms: number) => Fault,
  blocks: boolean,
): (typeof kinds)[number] {
  return (random) => {
    const ms = 200 + random.below(7_800)
    return { fault: (at) => fault(at, ms), blocks: blocks ? ms : 0 }
  }
}

function restarting(
  memory: 'kept' | 'lost',
  how: Extract<Fault, { name: 'restart' }>['how'],
): (typeof kinds)[number] {
  return (random) => {
    const ms = 100 + random.below(2_000)
    return { fault: (at) => ({ at, name: 'restart', ms, memory, how }), blocks: ms + 1_500 }
  }
}

/** Returns random faults, which overlap unless no client can connect. */
function mixed(random: Random): readonly Fault[] {
  const faults: Fault[] = []
  for (let at = 500 + random.below(3_000); at < 38_000; at += 300 + random.below(5_000)) {
    const { fault, blocks } = random.pick(kinds)(random)
    faults.push(fault(at))
    at += blocks
  }
  return faults
}
