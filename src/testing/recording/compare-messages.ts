import { isFields } from '../../protocol/fields.ts'

/** Minimum length of a generated id, in characters. */
const LEAST_ID = 8

/** The result of a comparison of two messages. */
export interface Comparison {
  /** The first difference, with its place; `undefined` if the messages are the same. */
  readonly difference: string | undefined
  /** Texts that name the same thing in the two messages, the recorded one first. */
  readonly renamed: ReadonlyMap<string, string>
}

/**
 * Compares a message with the one in its place in a recording. Fields whose name matches `volatile` may
 * differ: numbers, and texts that may be generated ids, which are {@link Comparison.renamed}.
 */
export function compareMessages(recorded: unknown, sent: unknown, volatile: RegExp): Comparison {
  const renamed = new Map<string, string>()

  function differenceAt(path: string, name: string, one: unknown, other: unknown) {
    if (Object.is(one, other)) return undefined
    if (volatile.test(name)) {
      if (typeof one === 'number' && typeof other === 'number') return undefined
      if (isGenerated(one) && isGenerated(other)) {
        renamed.set(one, other)
        return undefined
      }
    }
    if (Array.isArray(one) && Array.isArray(other)) return inside(path, { ...one }, { ...other })
    if (isFields(one) && isFields(other)) return inside(path, one, other)
    return `${path || 'the message'}: recorded ${show(one)}, sent ${show(other)}`
  }

  function inside(
    path: string,
    one: Readonly<Record<string, unknown>>,
    other: Readonly<Record<string, unknown>>,
  ): string | undefined {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const place = path === '' ? name : `${path}.${name}`
      const found: string | undefined = differenceAt(place, name, one[name], other[name])
      if (found !== undefined) return found
    }
    return undefined
  }

  return { difference: differenceAt('', '', recorded, sent), renamed }
}

/** Whether a value may be a generated id: shorter ones, such as `42`, are chosen by the application. */
function isGenerated(value: unknown): value is string {
  return typeof value === 'string' && value.length >= LEAST_ID
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
