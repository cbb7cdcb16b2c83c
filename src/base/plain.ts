/**
 * Whether a value is an array or a plain object; false for dates, maps and other objects whose data
 * is not in their properties.
 */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

/**
 * Whether two values are identical, or plain objects (or arrays) with the same number of keys and
 * every value `===`.
 *
 * So `NaN` and newly parsed nested objects always differ, and a `Map` or a class instance equals
 * only itself: its contents are not in its keys.
 */
export function shallowEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (!isPlain(left) || !isPlain(right)) return false
  let keys = 0
  for (const key in left) {
    const value = left[key]
    // A missing key reads as `undefined` too.
    if (value !== right[key] || (value === undefined && !(key in right))) return false
    keys++
  }
  return keys === Object.keys(right).length
}
