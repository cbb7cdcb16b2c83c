import type { ClientOptions, Clock } from 'wirefold'
import { systemClock } from 'wirefold'
import type { Broker, RequestHandler } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { heapBytes } from '../malformed-input/heap.ts'
import { seeded } from '../malformed-input/random.ts'
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

/** The longest until everybody is up again after the last fault, in milliseconds. */
const RETURN_MS = 40_000
/** The longest until everything that was asked has its outcome, in milliseconds. */
const SETTLE_MS = 100_000
/** How long the last events may take, in milliseconds. */
const LAST_MS = 3_000

/** How a scenario is played. */
export interface RunOptions {
  /**
   * The network: in memory on virtual time, or TCP on loopback; that on real time, or so many times
   * faster and as steady as the machine is busy.
   */
  readonly over: 'memory' | { readonly tcp: 'real time' | number }
  /** Breaks the client, or tells it something. */
  readonly client?: (clock: Clock) => ClientOptions
  /** Breaks the request handler. */
  readonly tamper?: (handler: RequestHandler) => RequestHandler
  /** Breaks the server's memory. */
  readonly makeBroker?: (clock: Clock) => Broker
  /** Whether to look at the heap; means something only where nothing else runs. */
  readonly measuresHeap?: boolean
}

/** What a run came to. */
export interface Outcome extends Verdict {
  readonly scenario: Scenario
  readonly seed: number
  readonly schedule: readonly Fault[]
  /** When any client tried to connect, from the start on, in milliseconds. */
  readonly attempts: readonly number[]
  /** When the last fault was over. */
  readonly overMs: number
  /** From the end of the last fault to everybody's being connected, in milliseconds. */
  readonly returnMs: number
  /** What the clients' heap has grown by, where that was asked for. */
  readonly heapBytes: number | undefined
  /** What clients, servers and the process reported. */
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
  const stops = [backend.publish(), ...participants.map((participant) => participant.ask())]
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
  const stories = participants.map((participant) => participant.story())
  const verdict = total(stories.map((story) => judge(story, background)))
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
    errors: [...stories.flatMap(({ errors }) => errors), ...backend.errors, ...uncaught.errors],
  }
  for (const participant of participants) participant.client.close()
  return outcome
}

async function waitFor(clock: Clock, ms: number, check: () => boolean): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end && !check(); ) await sleep(clock, 100)
}
