import type { Clock } from 'wirefold'
import { MemoryPair } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'

/** Connections in memory whose far end records messages and sends only what the test sends. */
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
