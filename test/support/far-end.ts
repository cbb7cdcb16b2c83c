import type { Clock } from 'wirefold'
import { MemoryPair } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'

/** Connections in memory whose far end reads along and says only what the test has it say. */
export function farEnd(clock: Clock) {
  const sent: Fields[] = []
  const pair = new MemoryPair({
    clock,
    onConnect: (end) => {
      end.onMessage = (data) => sent.push(JSON.parse(data))
    },
  })
  return { pair, sent }
}
