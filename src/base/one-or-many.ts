/**
 * None, one, or several items: most stores and channels have one listener, and so need no array.
 */
export type OneOrMany<T extends object> = undefined | T | readonly T[]

const NONE: readonly never[] = []

/** Returns all items, in order; the array is never changed in place. */
export function toArray<T extends object>(items: OneOrMany<T>): readonly T[] {
  if (items === undefined) return NONE
  return isList(items) ? items : [items]
}

/** Returns the items of an array. */
export function fromArray<T extends object>(items: readonly T[]): OneOrMany<T> {
  return items.length > 1 ? items : items[0]
}

/** Whether there are several items. As a type guard: `Array.isArray` alone does not know readonly arrays. */
export function isList<T extends object>(items: T | readonly T[]): items is readonly T[] {
  return Array.isArray(items)
}
