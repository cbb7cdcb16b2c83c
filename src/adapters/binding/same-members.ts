import { isPlain } from '../../base/plain.ts'

/** Whether two values are the same, or two arrays or plain objects with the same members. */
export function hasSameMembers(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true
  if (!isPlain(before) || !isPlain(after)) return false
  if (Array.isArray(before) !== Array.isArray(after)) return false
  const keys = Object.keys(before)
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && Object.is(before[key], after[key]))
  )
}
