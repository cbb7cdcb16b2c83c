/** One case of a contract; needs no test runner. */
export interface SuiteCase<Make> {
  /** The promise of the case, as the rest of a sentence about the tested object. */
  readonly name: string
  /** Rejects with the found and the expected value if the promise is broken. */
  readonly run: (make: Make) => Promise<void>
}

/**
 * Throws if two values differ: arrays are compared by their items, other values by `Object.is`.
 *
 * @param found the value of the tested object
 * @param expected the value that the contract promises
 */
export function assertSame(found: unknown, expected: unknown): void {
  const equal =
    Array.isArray(found) && Array.isArray(expected)
      ? found.length === expected.length && found.every((item, at) => Object.is(item, expected[at]))
      : Object.is(found, expected)
  if (!equal) throw new Error(`Found ${show(found)} instead of ${show(expected)}.`)
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : String(value)
}
