import { readFileSync } from 'node:fs'
import type { Fields } from '../../../src/protocol/fields.ts'

/** A line of a recorded session of the official client. */
export interface Line {
  /** Milliseconds since the beginning. */
  readonly t: number
  readonly dir: 'c2s' | 's2c' | 'ctl'
  /** Number of the connection. */
  readonly conn: number
  readonly data: string
}

/** Returns the messages of a recorded session, without the notes about connections. */
export function recordedLines(name: 'actioncable' | 'anycable'): readonly Line[] {
  return readFileSync(new URL(`../../recordings/${name}.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line))
    .filter(({ dir }) => dir !== 'ctl')
}

/** Returns the messages of the server. */
export function recordedReplies(name: 'actioncable' | 'anycable'): readonly Fields[] {
  return recordedLines(name)
    .filter(({ dir }) => dir === 's2c')
    .map(({ data }) => JSON.parse(data))
}
