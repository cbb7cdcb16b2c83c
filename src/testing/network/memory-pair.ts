import type { Clock } from '../../base/clock.ts'
import { checkNames } from '../../base/known-names.ts'
import type { Transport, TransportFactory, TransportHandlers } from '../../ports/transport.ts'
import type { CutOptions, FarEnd, Way } from './far-end.ts'
import { MemoryConnection } from './memory-connection.ts'
import type { Random } from './random.ts'
import { seeded } from './random.ts'
import type { TransitParts } from './transit.ts'
import type { Weather } from './weather.ts'
import { calm } from './weather.ts'

/**
 * Connections in memory, on the given clock: a transport for the client, and the far ends for the
 * test, with the failures of a network. Equal seeds give equal delays and faults.
 *
 * @example
 * import { ManualClock, MemoryPair } from 'wirefold/testing'
 *
 * const clock = new ManualClock()
 * const pair = new MemoryPair({ clock, seed: 7, weather: { leastMs: 20, mostMs: 200, loss: 0.01 } })
 * pair.cut({ lateMs: 500 })                     // the client reconnects before its old data arrives
 * const release = pair.hold('to-client', true)  // nothing reaches the client until release()
 */
export class MemoryPair implements TransportFactory {
  /** Name of the transport in logs. */
  readonly name = 'memory'
  /** Far ends of all connections so far. */
  readonly ends: FarEnd[] = []
  /** If true, nothing gets through in either direction, without any error. */
  frozen = false
  /** If true, connections fail before they open. */
  refusing = false
  /** Delays and faults of data sent from now on. */
  readonly weather: Weather
  /** Seed of the delays and faults. */
  readonly seed: number
  readonly #options: MemoryPairOptions
  readonly #random: Random
  /** Functions that hold back a new connection. */
  readonly #holding = new Set<(end: FarEnd) => void>()

  /** Creates a pair without connections; throws `bad-option` for an option of an unknown name. */
  constructor(options: MemoryPairOptions) {
    checkNames('MemoryPair', options, { ...networkOptions, autoAccept: true, onConnect: true })
    checkNames('The weather', options.weather ?? {}, calm)
    this.#options = options
    const { latencyMs = 0, seed = 1 } = options
    this.seed = seed
    this.#random = seeded(seed)
    this.weather = { ...calm, leastMs: latencyMs, mostMs: latencyMs, ...options.weather }
  }

  /** Far end of the newest connection; throws if there is none. */
  get last(): FarEnd {
    const end = this.ends.at(-1)
    if (!end) throw new Error('There is no connection yet. Connect a client first.')
    return end
  }

  open(url: string, protocols: readonly string[], handlers: TransportHandlers): Transport {
    const { clock, autoAccept = true, onConnect } = this.#options
    const parts: TransitParts = { clock, random: this.#random, weather: this.weather }
    const isFrozen = (): boolean => this.frozen
    const { far, near } = new MemoryConnection({ ...parts, url, protocols, handlers, isFrozen })
    this.ends.push(far)
    for (const hold of this.#holding) hold(far)
    if (this.refusing) far.close(1006)
    else {
      onConnect?.(far)
      if (autoAccept) far.accept()
    }
    return near
  }

  /** Cuts every open connection; see {@link FarEnd.cut}. */
  cut(options?: CutOptions): void {
    for (const end of this.#open()) end.cut(options)
  }

  /**
   * Makes every open connection half-open: nothing gets through on it any more, without any error. New
   * connections work.
   */
  halfOpen(): void {
    for (const end of this.#open()) end.frozen = true
  }

  /**
   * Holds back all data in one direction or both until the returned function is called; then it arrives
   * in order.
   *
   * @param future whether new connections are held back, too
   */
  hold(way: Way = 'both', future = false): () => void {
    const releases: (() => void)[] = []
    const hold = (end: FarEnd): void => {
      releases.push(end.hold(way))
    }
    for (const end of this.#open()) hold(end)
    if (future) this.#holding.add(hold)
    return () => {
      this.#holding.delete(hold)
      for (const release of releases) release()
    }
  }

  #open(): readonly FarEnd[] {
    return this.ends.filter(({ closed }) => !closed)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'MemoryPair'
  }
}

/** Names of the options of a network, which a scripted server takes, too. */
export const networkOptions = { clock: true, latencyMs: true, weather: true, seed: true } as const

/** Options of a {@link MemoryPair}. */
export interface MemoryPairOptions {
  /** Clock of the delays: that of the client. */
  readonly clock: Clock
  /**
   * Delay of every message and connection in one direction, in milliseconds.
   * @default 0
   */
  readonly latencyMs?: number
  /**
   * Delays and faults of the network, which the test may change later.
   * @default none but `latencyMs`
   */
  readonly weather?: Partial<Weather>
  /**
   * Seed of random delays and faults.
   * @default 1
   */
  readonly seed?: number
  /**
   * Whether connections open by themselves.
   * @default true
   */
  readonly autoAccept?: boolean
  /** Called with the far end of every new connection. */
  readonly onConnect?: (far: FarEnd) => void
}
