/** One promise of a contract: runs it, and throws where it is broken. Needs no test runner. */
export interface SuiteCase<Make> {
  /** The promise, as the rest of a sentence about what is tested. */
  readonly name: string
  /** Rejects with what was found and what was due. */
  readonly run: (make: Make) => Promise<void>
}

/**
 * Throws where two values differ: arrays by their items, everything else by `Object.is`.
 *
 * @param found what the tested thing gave
 * @param due what its contract promises
 */
export function assertSame(found: unknown, due: unknown): void {
  const equal =
    Array.isArray(found) && Array.isArray(due)
      ? found.length === due.length && found.every((item, at) => Object.is(item, due[at]))
      : Object.is(found, due)
  if (!equal) throw new Error(`Found ${show(found)} where ${show(due)} is due.`)
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : String(value)
}
