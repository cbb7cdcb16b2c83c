import { isFields } from '../../protocol/fields.ts'
import type { Rename } from './renames.ts'
import { isGenerated } from './renames.ts'

/** The result of a comparison of two messages. */
export interface Comparison {
  /** The first difference, with its place; `undefined` if the messages are the same. */
  readonly difference: string | undefined
  /** Values that differ without being a difference. */
  readonly renames: readonly Rename[]
}

/**
 * Compares a message with the one in its place in a recording. Numbers and texts of fields whose name
 * matches `volatile` may differ, and are {@link Comparison.renames}; but not an id that the application
 * chose, such as `42`.
 */
export function compareMessages(recorded: unknown, sent: unknown, volatile: RegExp): Comparison {
  const renames: Rename[] = []

  function differenceAt(path: string, name: string, one: unknown, other: unknown) {
    if (Object.is(one, other)) return undefined
    const rename = volatile.test(name) ? renameOf(name, one, other) : undefined
    if (rename) {
      renames.push(rename)
      return undefined
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

  return { difference: differenceAt('', '', recorded, sent), renames }
}

/** Returns the rename of a volatile field; `undefined` where its values are a difference. */
function renameOf(name: string, recorded: unknown, sent: unknown): Rename | undefined {
  if (typeof recorded === 'number' && typeof sent === 'number') return { name, recorded, sent }
  if (typeof recorded !== 'string' || typeof sent !== 'string') return undefined
  const isChosen = /id$/i.test(name) && !(isGenerated(recorded) && isGenerated(sent))
  return isChosen ? undefined : { name, recorded, sent }
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
