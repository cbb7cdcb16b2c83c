import { isPlain } from '../base/plain.ts'

/** Depth from which a value is parsed instead of walked. */
const DEEPEST = 32

/**
 * Returns a value as its receiver will read it: itself if it holds only what JSON has, else what its
 * JSON text stands for. So a `Date` is the string that a receiver gets.
 *
 * @param json returns the JSON text of the value
 */
export function asJson(value: unknown, json: () => string | undefined): unknown {
  if (isJson(value, DEEPEST)) return value
  const text = json()
  return text === undefined ? undefined : JSON.parse(text)
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (depth === 0 || !isPlain(value)) return false
  // The holes of an array are `undefined` here, which JSON has not.
  const items = Array.isArray(value) ? Array.from(value) : Object.values(value)
  return items.every((item) => isJson(item, depth - 1))
}
