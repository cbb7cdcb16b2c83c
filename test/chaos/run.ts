import type { ClientOptions, Clock } from 'wirefold'
import { systemClock } from 'wirefold'
import type { Broker, RequestHandler } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { seeded } from 'wirefold/testing'
import { heapBytes } from '../malformed-input/heap.ts'
import { Backend, CHANNELS } from './backend.ts'
import { sleep, VirtualClock } from './clocks.ts'
import { Driver } from './driver.ts'
import type { Fault } from './fault.ts'
import type { Network } from './network.ts'
import { Participant } from './participant.ts'
import type { Scenario } from './scenarios.ts'
import { SteadyClock } from './steady-clock.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { Uncaught } from './uncaught.ts'
import type { Verdict } from './verdict.ts'
import { judge, total } from './verdict.ts'
import { VirtualNetwork } from './virtual-network.ts'

/** Longest time until every client is up again after the last fault, in milliseconds. */
const RETURN_MS = 40_000
/** Longest time until every mutation has an outcome, in milliseconds. */
const SETTLE_MS = 100_000
/** Time for the last events to arrive, in milliseconds. */
const LAST_MS = 3_000

/** Options of a run. */
export interface RunOptions {
  /**
   * The network: in memory in virtual time, or TCP on loopback in real time, or TCP that many times
   * faster than real time, with a clock that waits for a busy machine.
   */
  readonly over: 'memory' | { readonly tcp: 'real time' | number }
  /** Options of the clients, for instance to break them. */
  readonly client?: (clock: Clock) => ClientOptions
  /** Breaks the request handler. */
  readonly tamper?: (handler: RequestHandler) => RequestHandler
  /** Breaks the server's memory. */
  readonly makeBroker?: (clock: Clock) => Broker
  /** Whether to measure the heap; only useful if nothing else runs in the process. */
  readonly measuresHeap?: boolean
}

/** Result of a run. */
export interface Outcome extends Verdict {
  readonly scenario: Scenario
  readonly seed: number
  readonly schedule: readonly Fault[]
  /** Times of all attempts to connect, since the start, in milliseconds. */
  readonly attempts: readonly number[]
  /** Time at which the last fault was over. */
  readonly overMs: number
  /** Time from the end of the last fault until every client is connected, in milliseconds. */
  readonly returnMs: number
  /** Growth of the clients' heap, if measured. */
  readonly heapBytes: number | undefined
  /** Errors reported by clients, servers and the process. */
  readonly errors: readonly unknown[]
}

/** Plays one scenario with one seed. */
export async function run(scenario: Scenario, seed: number, options: RunOptions): Promise<Outcome> {
  const random = seeded(seed)
  const schedule = scenario.schedule(random)
  if (options.over === 'memory') {
    const clock = new VirtualClock()
    const network = new VirtualNetwork(clock, random)
    return clock.during(play(scenario, seed, schedule, network, options))
  }
  const { tcp } = options.over
  const clock = tcp === 'real time' ? systemClock : new SteadyClock(tcp)
  const network = await TcpProxy.open(clock, random)
  return play(scenario, seed, schedule, network, options)
}

async function play(
  scenario: Scenario,
  seed: number,
  schedule: readonly Fault[],
  network: Network,
  options: RunOptions,
): Promise<Outcome> {
  const {
    client = () => ({}),
    tamper,
    makeBroker = (clock) => new MemoryBroker({ clock }),
  } = options
  const { clock } = network
  const uncaught = new Uncaught()
  const random = seeded(seed + 1_000_000)
  const backend = new Backend({ network, random, tamper, makeBroker })
  await backend.start()
  const participants = Array.from({ length: scenario.clients }, (_, index) => {
    const random = seeded(seed * 1_000 + index)
    return new Participant({ network, random, index, options: client(clock) })
  })
  await Promise.all(participants.map((participant) => participant.ready()))
  const stops = [backend.publish(), ...participants.map((participant) => participant.mutate())]
  const driver = new Driver(network, backend)
  const heapBefore = options.measuresHeap ? heapBytes() : undefined
  const start = clock.now()

  await driver.play(schedule)
  const overMs = clock.now() - start
  const connected = (): boolean =>
    participants.every((participant) => participant.client.state.get().name === 'open')
  await waitFor(clock, RETURN_MS, connected)
  const returnMs = clock.now() - start - overMs
  await waitFor(clock, RETURN_MS, () => participants.every(({ up }) => up))
  await sleep(clock, Math.max(start + scenario.spanMs - clock.now(), 1_000))
  for (const stop of stops) stop()
  for (const channel of CHANNELS) await backend.publishOn(channel)
  await waitFor(clock, SETTLE_MS, () => participants.every(({ settled }) => settled))
  await sleep(clock, LAST_MS)

  const { published, applications, losses } = backend
  const { blockades, silences, announced } = driver
  const background = { published, applications, losses, blockades, silences, announced }
  const records = participants.map((participant) => participant.record())
  const verdict = total(records.map((record) => judge(record, background)))
  await network.close()
  await backend.close()
  const serverErrors = backend.errors.length
  const outcome = {
    ...verdict,
    scenario,
    seed,
    schedule,
    faults: { ...verdict.faults, serverErrors, uncaught: await uncaught.stop() },
    attempts: participants
      .flatMap(({ attempts }) => attempts.map((at) => at - start))
      .filter((at) => at >= 0),
    overMs,
    returnMs,
    heapBytes: heapBefore && heapBytes() - heapBefore,
    errors: [...records.flatMap(({ errors }) => errors), ...backend.errors, ...uncaught.errors],
  }
  for (const participant of participants) participant.client.close()
  return outcome
}

async function waitFor(clock: Clock, ms: number, check: () => boolean): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end && !check(); ) await sleep(clock, 100)
}
