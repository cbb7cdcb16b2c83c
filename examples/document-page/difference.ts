/** The part in which two texts differ; what is before and behind it is the same. */
export interface Difference {
  /** Number of letters before it. */
  readonly from: number
  /** Number of letters of the first text that the second one lacks. */
  readonly removed: number
  /** The letters that it has in their place. */
  readonly added: readonly string[]
}

/** Returns the part in which two texts differ, as lists of their letters. */
export function difference(before: readonly string[], after: readonly string[]): Difference {
  const shorter = Math.min(before.length, after.length)
  let from = 0
  while (from < shorter && before[from] === after[from]) from += 1
  let behind = 0
  while (behind < shorter - from && before.at(-1 - behind) === after.at(-1 - behind)) behind += 1
  return {
    from,
    removed: before.length - from - behind,
    added: after.slice(from, after.length - behind),
  }
}
