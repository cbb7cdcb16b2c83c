import type { ConnectionState, RealtimeClient } from 'wirefold'
import { createStore } from 'wirefold'

/** Time between two samples, in milliseconds, and the number that is kept: one minute. */
export const SAMPLE_MS = 500
export const KEPT_SAMPLES = 120

/** One sample of a connection. */
export interface Sample {
  /** Seconds since the Unix epoch. */
  readonly at: number
  /** Absent at the begin of a gap: the browser took no samples until the next one. */
  readonly state?: ConnectionState['name']
  /** The last round trip, in milliseconds; `null` without a connection. */
  readonly rttMs: number | null
  /** Edits that arrived, per second since the sample before; `null` in a gap. */
  readonly perSecond: number | null
}

/** The parts of a client that are sampled. */
type Measured = Pick<RealtimeClient, 'state' | 'stats'>

/** Samples a connection: its state, round trip and throughput of the last minute. */
export class Timeline {
  readonly samples = createStore<readonly Sample[]>([])
  readonly #client: Measured
  #received = 0

  constructor(client: Measured) {
    this.#client = client
  }

  /** Starts to sample. */
  start(): void {
    setInterval(() => this.#sample(), SAMPLE_MS)
  }

  /** Counts an edit that arrived. */
  received(): void {
    this.#received += 1
  }

  #sample(): void {
    const before = this.samples.get()
    const { name: state } = this.#client.state.get()
    const at = Date.now() / 1_000
    const step = SAMPLE_MS / 1_000
    const last = before.at(-1)?.at ?? at - step
    // Timers are late in a tab in the background, and stop while the computer sleeps.
    const gap: readonly Sample[] =
      at - last > 2 * step ? [{ at: last + step, rttMs: null, perSecond: null }] : []
    const sample: Sample = {
      at,
      state,
      rttMs: (state === 'open' && this.#client.stats().lastRttMs) || null,
      perSecond: this.#received / Math.max(at - last, step),
    }
    this.#received = 0
    this.samples.set([...before, ...gap, sample].slice(-KEPT_SAMPLES))
  }
}
