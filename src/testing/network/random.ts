/** A generator of random numbers, the same for the same seed. */
export interface Random {
  /** An integer from 0 up to, but not including, `limit`. */
  readonly below: (limit: number) => number
  /** Returns one of the items. */
  readonly pick: <T>(items: readonly T[]) => T
}

/** Makes a generator, mulberry32: 32 bits of state, more than enough to choose faults and frames. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  const pick = <T>(items: readonly T[]): T => {
    const [item] = items.slice(below(items.length))
    if (item === undefined && items.length === 0) throw new RangeError('The list is empty.')
    return item as T
  }
  return { below, pick }
}
