/** What a network does to everything on it. */
export interface Weather {
  /** The shortest way takes so long, in milliseconds. */
  least: number
  /** The longest. */
  most: number
  bytesPerSecond: number
  /** Whether bytes arrive in pieces of 1 to 7. */
  shreds: boolean
  /** Everything arrives at multiples of this, in milliseconds; 0 for as it comes. */
  burstMs: number
  /** One bit is flipped in about so many bytes of payload; `Infinity` for none. */
  flipEvery: number
}

/** A network with nothing wrong. */
export const calm: Readonly<Weather> = {
  least: 0,
  most: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  shreds: false,
  burstMs: 0,
  flipEvery: Number.POSITIVE_INFINITY,
}
