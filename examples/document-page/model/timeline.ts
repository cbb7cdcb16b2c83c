import type { ConnectionState, RealtimeClient } from 'wirefold'
import { createStore } from 'wirefold'

/** Time between two samples, in milliseconds, and the number that is kept: one minute. */
export const SAMPLE_MS = 500
export const KEPT_SAMPLES = 120

/** One sample of a connection. */
export interface Sample {
  /** Seconds since the Unix epoch. */
  readonly at: number
  readonly state: ConnectionState['name']
  /** The last round trip, in milliseconds; `null` without a connection. */
  readonly rttMs: number | null
  /** Edits that arrived, per second. */
  readonly perSecond: number
}

/** Samples a connection: its state, round trip and throughput of the last minute. */
export class Timeline {
  readonly samples = createStore<readonly Sample[]>([])
  readonly #client: RealtimeClient
  #received = 0

  constructor(client: RealtimeClient) {
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
    const { name: state } = this.#client.state.get()
    const sample: Sample = {
      at: Date.now() / 1_000,
      state,
      rttMs: (state === 'open' && this.#client.stats().lastRttMs) || null,
      perSecond: (this.#received * 1_000) / SAMPLE_MS,
    }
    this.#received = 0
    this.samples.set([...this.samples.get(), sample].slice(-KEPT_SAMPLES))
  }
}
