import type { Weather as MemoryWeather } from 'wirefold/testing'
import { calm as calmMemory } from 'wirefold/testing'

/** Delays, limits and corruption of a network. */
export interface Weather extends MemoryWeather {
  /** Whether bytes arrive in pieces of 1 to 7; in memory messages are whole. */
  shreds: boolean
}

/** A network without faults. */
export const calm: Readonly<Weather> = { ...calmMemory, shreds: false }
