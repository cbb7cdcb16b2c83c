import type { Clock } from '../../src/index.ts'
import { MemoryPair } from '../../src/testing/index.ts'
import type { Fields } from '../../src/wire/fields.ts'

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
