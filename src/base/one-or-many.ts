/** None, one, or several: most stores and channels have one listener, and so need no array. */
export type Few<T extends object> = undefined | T | readonly T[]

/** All of them, in order; never changed in place. */
export function each<T extends object>(few: Few<T>): readonly T[] {
  if (few === undefined) return []
  return isList(few) ? few : [few]
}

/** One more. */
export function plus<T extends object>(few: Few<T>, item: T): Few<T> {
  return few === undefined ? item : [...each(few), item]
}

/** One less. */
export function minus<T extends object>(few: Few<T>, item: T): Few<T> {
  const rest = each(few).filter((other) => other !== item)
  return rest.length > 1 ? rest : rest[0]
}

function isList<T extends object>(few: T | readonly T[]): few is readonly T[] {
  return Array.isArray(few)
}
