import { isPlain } from '../base/is-plain.ts'

/**
 * Whether two values are the same, or plain objects (or arrays) with equally many keys and every
 * value `===`.
 *
 * So `NaN` and nested objects that were parsed anew always count as different, and a `Map` or a
 * class instance is equal to itself only: what it holds is not in its keys.
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
