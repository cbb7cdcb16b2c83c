import { readFileSync } from 'node:fs'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields } from '../../../src/protocol/fields.ts'

/** A message of a recorded session: an array of the protocol, or bytes. */
export interface RecordedMessage {
  readonly dir: 'c2s' | 's2c'
  /** Number of the connection, from 1. */
  readonly conn: number
  readonly message: readonly unknown[] | Uint8Array
}

/** Returns the messages of a session of an official client; every call parses anew. */
export function recordedTalk(name: 'phoenix' | 'supabase'): readonly RecordedMessage[] {
  const path = new URL(`../../recordings/${name}.jsonl`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.flatMap((line) => {
    const { dir, conn, data }: { dir: string; conn: number; data: unknown } = JSON.parse(line)
    if (dir !== 'c2s' && dir !== 's2c') return []
    const { b64 }: Fields = asFields(data)
    const message =
      typeof b64 === 'string'
        ? new Uint8Array(Buffer.from(b64, 'base64'))
        : (JSON.parse(String(data)) as readonly unknown[])
    return [{ dir, conn, message }]
  })
}
