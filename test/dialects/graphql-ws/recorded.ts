import { readFileSync } from 'node:fs'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields, asString } from '../../../src/protocol/fields.ts'

/** A line of a recorded session: a message, or a note about its connection. */
interface Line {
  readonly dir: 'c2s' | 's2c' | 'ctl'
  readonly data: unknown
}

/** A message of a recorded session, or the end of a connection. */
export type Recorded =
  | { readonly from: 'client' | 'server'; readonly message: Fields }
  | { readonly from: 'network'; readonly code: number }

/** Returns the session of the official client with its server, until that client closes. */
export function recordedSession(): readonly Recorded[] {
  const file = new URL('../../recordings/graphql-ws.jsonl', import.meta.url)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.flatMap((text): Recorded[] => {
    const { dir, data }: Line = JSON.parse(text)
    if (dir === 'ctl') {
      const { note, code } = asFields(data)
      if (note === 'closed by server') return [{ from: 'network', code: Number(code) }]
      return note === 'link cut (no close frame)' ? [{ from: 'network', code: 1006 }] : []
    }
    const message = JSON.parse(String(data))
    return [{ from: dir === 'c2s' ? 'client' : 'server', message }]
  })
}

/** Returns the messages of the server in that session. */
export function serverMessages(): readonly Fields[] {
  return recordedSession().flatMap((line) => (line.from === 'server' ? [line.message] : []))
}

/** What came of each operation of the session, by its id: worked out from the lines alone. */
export function recordedOutcomes(): ReadonlyMap<string, Outcome> {
  const outcomes = new Map<string, Outcome>()
  const left = new Set<string>()
  for (const line of recordedSession()) {
    if (line.from === 'network') continue
    const { type, payload } = line.message
    const id = asString(line.message.id)
    if (id === undefined) continue
    const { data, errors } = asFields(payload)
    const outcome = outcomes.get(id) ?? { data: [], end: 'none' }
    outcomes.set(id, outcome)
    if (line.from === 'client') {
      if (type === 'complete') left.add(id)
    } else if (left.has(id)) continue
    else if (type === 'error') outcome.end = messageOf(payload)
    else if (type === 'complete') {
      if (outcome.end === 'none') outcome.end = 'complete'
    } else if (errors === undefined) outcome.data.push(data)
    else outcome.end = messageOf(errors)
  }
  return outcomes
}

/** Data of an operation, and how it ended: the message of its first error, or `complete`. */
export interface Outcome {
  readonly data: unknown[]
  end: string
}

function messageOf(errors: unknown): string {
  return Array.isArray(errors) ? String(asFields(errors[0]).message) : ''
}
