/** Delays, limits and faults of the connections in memory; changes apply to data sent from then on. */
export interface Weather {
  /** Shortest delay of data in one direction, in milliseconds. */
  leastMs: number
  /** Longest delay of data in one direction, in milliseconds. */
  mostMs: number
  /** Bytes per second in one direction; `Infinity` for no limit. */
  bytesPerSecond: number
  /** Interval at whose multiples all data arrives, in milliseconds; 0 for no bursts. */
  burstMs: number
  /** Share of messages that are lost, 0 to 1: by a proxy or a server, since TCP itself loses none. */
  loss: number
  /** Share of messages that arrive twice, 0 to 1. */
  duplication: number
  /** Number of characters, or of bytes of binary data, per flipped bit; `Infinity` for none. */
  flipEvery: number
}

/** A network without faults. */
export const calm: Readonly<Weather> = {
  leastMs: 0,
  mostMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  burstMs: 0,
  loss: 0,
  duplication: 0,
  flipEvery: Number.POSITIVE_INFINITY,
}
