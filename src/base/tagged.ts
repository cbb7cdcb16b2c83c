/**
 * Gives an object a `Symbol.toStringTag`: Vue's `reactive` does not wrap objects that have one.
 *
 * Classes use a getter instead, which is defined once for all instances.
 */
export function tagged<T extends object>(tag: string, object: T): T {
  return Object.defineProperty(object, Symbol.toStringTag, { value: tag })
}
