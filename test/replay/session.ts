import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fields } from '../../src/protocol/fields.ts'

/** A line of a recorded session: direction and frame, with placeholders for ids and times. */
export interface SessionLine {
  readonly dir: 'c2s' | 's2c'
  readonly frame: Fields
}

/** Returns the lines of a recorded session; every call parses anew. */
export function recordedSession(name: string): SessionLine[] {
  const text = readFileSync(join(import.meta.dirname, '../recordings', `${name}.jsonl`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line): SessionLine => JSON.parse(line))
}

/** Returns the server's messages of a recorded session, with plain ids for placeholders. */
export function recordedMessages(name: string): Fields[] {
  return recordedSession(name).flatMap(({ dir, frame }) =>
    dir === 's2c' ? [new Placeholders().fill(frame)] : [],
  )
}

/**
 * Placeholders of a recording: `$id:<name>` for an id, `$now` for a time, `$echo` for the last time
 * that the client sent.
 */
export class Placeholders {
  readonly #ids = new Map<string, string>()
  #echo = 0

  /** Compares a sent message with the recorded one, and stores the values of placeholders. */
  matches(recorded: unknown, found: unknown): boolean {
    if (typeof recorded === 'string' && recorded.startsWith('$id:')) {
      if (typeof found !== 'string' || found === '') return false
      const known = this.#ids.get(recorded)
      this.#ids.set(recorded, known ?? found)
      return known === undefined || known === found
    }
    if (recorded === '$now') {
      if (typeof found !== 'number') return false
      this.#echo = found
      return true
    }
    if (typeof recorded !== 'object' || recorded === null) return Object.is(recorded, found)
    if (typeof found !== 'object' || found === null) return false
    const names = new Set([...Object.keys(recorded), ...Object.keys(found)])
    return [...names].every((name) =>
      this.matches((recorded as Fields)[name], (found as Fields)[name]),
    )
  }

  /** Returns a recorded message with the values of this run. */
  fill<T>(recorded: T): T {
    return JSON.parse(JSON.stringify(recorded), (_, value: unknown) => {
      if (value === '$echo') return this.#echo
      if (typeof value === 'string' && value.startsWith('$id:')) {
        return this.#ids.get(value) ?? value.slice(4)
      }
      return value
    })
  }
}
