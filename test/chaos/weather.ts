/** Delays, limits and corruption of a network. */
export interface Weather {
  /** Shortest delay, in milliseconds. */
  least: number
  /** Longest delay. */
  most: number
  bytesPerSecond: number
  /** Whether bytes arrive in pieces of 1 to 7. */
  shreds: boolean
  /** Interval at whose multiples all data arrives, in milliseconds; 0 for no bursts. */
  burstMs: number
  /** Number of bytes of payload per flipped bit; `Infinity` for none. */
  flipEvery: number
}

/** A network without faults. */
export const calm: Readonly<Weather> = {
  least: 0,
  most: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  shreds: false,
  burstMs: 0,
  flipEvery: Number.POSITIVE_INFINITY,
}
