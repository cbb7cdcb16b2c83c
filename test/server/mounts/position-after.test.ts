import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { ChannelManager, MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { streamIdOf } from '../../../src/dialects/streams/server.ts'
import { positionAfter } from '../../../src/server/mounts/streams/position-after.ts'

/** A channel with one event after each gap in milliseconds, and the ids of these. */
async function history(gaps: readonly number[], start: number, keepMs = 1_000) {
  const clock = new ManualClock(start)
  const broker = new MemoryBroker({ clock, history: { keepMs } })
  const channels = new ChannelManager({ broker, clock })
  for (const gap of gaps) {
    await clock.advance(gap)
    await channels.publish('a', 'message')
  }
  const { epoch } = await channels.head('a')
  let slice = await channels.history('a', { epoch, offset: 0 })
  for (let offset = 1; !slice.complete; offset++) {
    slice = await channels.history('a', { epoch, offset })
  }
  const { events } = slice
  return { channels, broker, epoch, events, ids: events.map((event) => streamIdOf(event) ?? '') }
}

/** Gaps of zero make several events of one millisecond. */
const gaps = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 })

describe('the position of a message', () => {
  test.prop([gaps, fc.nat(11)])(
    'is that before the next one, in its own history',
    async (all, n) => {
      const { channels, broker, epoch, ids } = await history(all, 1_000)
      const index = n % ids.length
      expect(await positionAfter(channels, 'a', ids[index] ?? '')).toEqual({
        epoch,
        offset: index + 1,
      })
      await broker.close()
    },
  )

  test.prop([gaps, gaps, fc.nat(11), fc.integer({ min: 1, max: 40 })])(
    'leaves out no newer message of a history that began anew',
    async (former, all, n, later) => {
      const old = await history(former, 1_000)
      const id = old.ids[n % old.ids.length] ?? ''
      const ms = Number(id.split('-')[0])
      // The clock of another server may differ, but not all of the new history is older.
      const { channels, broker, events, epoch, ids } = await history(all, 1_000 + later)
      fc.pre(!ids.includes(id))
      const { epoch: found, offset } = await positionAfter(channels, 'a', id)
      expect(found).toBe(epoch)
      const left = events.filter((event) => (event.offset ?? 0) <= offset)
      for (const { timestamp } of left) expect(timestamp).toBeLessThan(ms)
      await Promise.all([broker.close(), old.broker.close()])
    },
  )

  test.prop([fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }), fc.nat(30), fc.nat(100)])(
    'of another channel is that before the first one as new that is left',
    async (all, kept, after) => {
      const { channels, broker, events } = await history(all, 1_000, kept + 1)
      const { offset } = await positionAfter(channels, 'a', `${1_000 + after}-5`, 1)
      const newer = events.filter(({ timestamp }) => timestamp >= 1_000 + after)
      expect(offset).toBe(newer[0]?.offset ? newer[0].offset - 1 : all.length)
      await broker.close()
    },
  )

  test.prop([
    gaps,
    fc.constantFrom('', 'x', '1', '-1', '1-', '1-2-3', '1e3-1', `${'9'.repeat(30)}-1`),
  ])('is the newest one for a text that is no id', async (all, id) => {
    const { channels, broker } = await history(all, 1_000)
    expect(await positionAfter(channels, 'a', id)).toEqual(await channels.head('a'))
    await broker.close()
  })
})
