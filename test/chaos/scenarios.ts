import type { Random } from '../malformed-input/random.ts'
import type { Fault } from './fault.ts'

/** Figures that a run must not exceed, in milliseconds where they are times. */
export interface Targets {
  readonly worstMs?: number
  readonly medianMs?: number
  readonly p95Ms?: number
  /** The longest until a silent connection was given up. */
  readonly noticedMs?: number
  /** The longest from the end of the last fault to everybody's being connected. */
  readonly returnMs?: number
  readonly reconnects?: number
  /** The most attempts to connect, of all clients, in any 250 ms: the median of the seeds. */
  readonly peak?: number
  /** The same: the worst of the seeds. */
  readonly worstPeak?: number
  /** Attempts to connect per client, until the last fault is over. */
  readonly attempts?: number
}

/** One row of the fault table. */
export interface Scenario {
  readonly name: string
  /** What holds, as the end of a sentence. */
  readonly promise: string
  /** How long things go wrong, in milliseconds. */
  readonly spanMs: number
  readonly clients: number
  /** The faults of a verdict that may be found all the same. */
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

/** The same fault again and again, with so many milliseconds from one to the next. */
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

/** A fault after one second. */
const once =
  (...faults: Fault[]): Scenario['schedule'] =>
  () =>
    faults

/** Where bytes are changed on the way, no more is promised than that nothing breaks for good. */
const BYTES_CHANGED = [
  ...['lost', 'silent', 'duplicated', 'disordered', 'unexplainedGaps', 'untoldLosses'],
  ...['appliedTwice', 'appliedAgain', 'doneNotApplied', 'failedButApplied'],
  ...['unfolded', 'foreign', 'errors', 'serverErrors'],
]
/** Where a client is away for longer than the history and its own patience last. */
const TOO_LATE = ['lost', 'unexplainedGaps', 'failedButApplied']

/** The rows of the fault table. */
export const scenarios: readonly Scenario[] = [
  scenario('control', 'nothing happens', once(), { targets: { reconnects: 0 } }),
  scenario(
    'rst',
    'resets every 3 to 5 s cost nothing',
    repeated(20_000, 3_000, 5_000, (at) => ({ at, name: 'rst' })),
    { clients: 4, targets: { worstMs: 950, medianMs: 500 } },
  ),
  scenario(
    'fin',
    'ends of the stream every 3 to 5 s cost nothing',
    repeated(20_000, 3_000, 5_000, (at) => ({ at, name: 'fin' })),
    { clients: 4, targets: { worstMs: 950, medianMs: 500 } },
  ),
  scenario(
    'half-open',
    'a connection that is silent for good is noticed within 10 s',
    once({ at: 1_000, name: 'half-open' }),
    { targets: { noticedMs: 10_000, worstMs: 1_000 } },
  ),
  scenario(
    'outage',
    '8 s without any network are noticed, and cost nothing',
    once({ at: 1_000, name: 'outage', ms: 8_000 }),
    { targets: { noticedMs: 10_000 } },
  ),
  scenario(
    'deaf',
    'what the server says for 15 s comes too late, and costs nothing',
    once({ at: 1_000, name: 'deaf', ms: 15_000 }),
    { targets: { noticedMs: 10_000 } },
  ),
  scenario(
    'mute',
    'what the client says for 15 s comes too late, and costs nothing',
    once({ at: 1_000, name: 'mute', ms: 15_000 }),
  ),
  scenario(
    'slow',
    'delays of 200 to 500 ms are no reason to reconnect',
    once({ at: 1_000, name: 'slow', ms: 18_000, least: 200, most: 500 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'throttle',
    '4 kB/s are no reason to reconnect',
    once({ at: 1_000, name: 'throttle', ms: 18_000, bytesPerSecond: 4_000 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'frames',
    'pieces of frames, and many frames at once, cost nothing',
    once({ at: 1_000, name: 'shreds', ms: 4_000 }, { at: 6_000, name: 'bursts', ms: 4_000 }),
    { targets: { reconnects: 0 } },
  ),
  scenario(
    'corrupt',
    'flipped bits break nothing for good',
    once({ at: 1_000, name: 'corrupt', ms: 8_000, every: 1_500 }),
    { excuses: BYTES_CHANGED, targets: { returnMs: 5_000 } },
  ),
  scenario(
    'refuse',
    '6 s with nobody listening cost nothing',
    once({ at: 1_000, name: 'refuse', ms: 6_000 }),
    { clients: 10, targets: { medianMs: 2_000, p95Ms: 6_000 } },
  ),
  scenario(
    'restart',
    'a server that lost its memory is a gap on every channel',
    once({ at: 3_000, name: 'restart', ms: 500, memory: 'lost', how: 'killed' }),
    { targets: { worstMs: 1_200 } },
  ),
  scenario(
    'rolling',
    'a server that hands its memory on costs nothing',
    once(
      { at: 2_000, name: 'restart', ms: 500, memory: 'kept', how: 'closed' },
      { at: 12_000, name: 'restart', ms: 500, memory: 'kept', how: 'killed' },
    ),
  ),
  scenario(
    'trimmed',
    'what the history no longer holds is a gap',
    once({ at: 1_000, name: 'refuse', ms: 330_000 }),
    { spanMs: 340_000, excuses: TOO_LATE },
  ),
  scenario('mixed', 'a mix of all faults costs nothing', mixed, {
    spanMs: 40_000,
    targets: { worstMs: 12_100, p95Ms: 3_000 },
  }),
  scenario(
    'storm',
    '40 clients that are reset for 8 s do not come back as a wave',
    once({ at: 1_000, name: 'refuse', ms: 8_000 }),
    { clients: 40, targets: { worstMs: 12_100, medianMs: 2_500, peak: 20, attempts: 5 } },
  ),
  scenario(
    'deploy',
    '40 clients that are told of a restart come back one by one',
    once({ at: 1_000, name: 'restart', ms: 300, memory: 'kept', how: 'closed' }),
    { clients: 40, targets: { peak: 6, worstPeak: 10 } },
  ),
  scenario(
    'drain',
    '40 clients that are asked to move do so one by one, and hardly notice',
    once({ at: 1_000, name: 'restart', ms: 12_000, memory: 'kept', how: 'drained' }),
    { clients: 40, targets: { peak: 6, worstPeak: 10, worstMs: 250 } },
  ),
]

/** The scenario of a name. */
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

/** Any faults in any order; they overlap, but for those in which nobody can connect. */
function mixed(random: Random): readonly Fault[] {
  const faults: Fault[] = []
  for (let at = 500 + random.below(3_000); at < 38_000; at += 300 + random.below(5_000)) {
    const { fault, blocks } = random.pick(kinds)(random)
    faults.push(fault(at))
    at += blocks
  }
  return faults
}
