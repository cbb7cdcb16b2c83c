/**
 * Gives an object a tag of its own: Vue's `reactive` leaves alone what has one.
 *
 * A class has a getter of `Symbol.toStringTag` instead, which is there once for all its objects.
 */
export function tagged<T extends object>(tag: string, object: T): T {
  return Object.defineProperty(object, Symbol.toStringTag, { value: tag })
}
