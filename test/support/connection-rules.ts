import type { ClientOptions } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { ManualClock, MemoryPair } from 'wirefold/testing'

/**
 * Connects a client of a dialect to a peer that accepts connections and never answers. Returns the
 * waits between its attempts, how long each attempt lasts, and its final state, as measured.
 */
export async function connectionRules(dialect: DialectFactory, options: ClientOptions = {}) {
  const clock = new ManualClock()
  const transport = new MemoryPair({ clock, autoAccept: false })
  const client = new RealtimeClient('ws://test/', { dialect, transport, clock, ...options })
  const waitsMs: number[] = []
  const patiencesMs = new Set<number>()
  let since = 0
  client.on('failed', () => {})
  client.state.listen(({ name }) => {
    if (name === 'connecting' && since > 0) waitsMs.push(clock.now() - since)
    else if (name !== 'connecting') patiencesMs.add(clock.now() - since)
    since = clock.now()
  })
  client.connect().catch(() => {})
  await clock.advance(600_000)
  const [patienceMs] = patiencesMs.size === 1 ? patiencesMs : []
  return { waitsMs, patienceMs, ends: client.state.get().name }
}
