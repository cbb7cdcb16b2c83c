import { readFileSync } from 'node:fs'
import { asFields, type Fields } from '../../../src/protocol/fields.ts'

/** A line of the recorded session of `pusher-js` 8.6 with soketi 1.6. */
export interface RecordedLine {
  readonly dir: 'ctl' | 'c2s' | 's2c'
  /** Number of the connection. */
  readonly conn: number
  readonly message: Fields
}

/** Returns the lines of the recorded session; every call parses anew. */
export function recorded(): readonly RecordedLine[] {
  const text = readFileSync(new URL('../../recordings/pusher.jsonl', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { dir, conn, data } = JSON.parse(line)
      const message: Fields = dir === 'ctl' ? data : JSON.parse(data)
      return { dir, conn: conn ?? asFields(data).conn ?? 0, message }
    })
}
