import { isPlain } from '../base/is-plain.ts'

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
