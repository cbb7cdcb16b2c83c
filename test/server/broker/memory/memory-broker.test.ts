import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { ChannelEvent } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { heapBytes } from '../../../malformed-input/heap.ts'
import { event, eventListener, publishOn } from '../../../support/broker.ts'

const minute = 60_000

function make() {
  const clock = new ManualClock()
  return { clock, broker: new MemoryBroker({ clock }) }
}

describe('a memory broker', () => {
  it('counts every channel from 1 without gaps', async () => {
    const { broker } = make()
    const offsets = async (channel: string, count: number) => {
      const offsets = []
      for (let n = 0; n < count; n++)
        offsets.push((await publishOn(broker, channel, event(n))).offset)
      return offsets
    }
    expect(await offsets('a', 3)).toEqual([1, 2, 3])
    expect(await offsets('b', 2)).toEqual([1, 2])
    expect(await offsets('a', 1)).toEqual([4])
    expect((await broker.head('a')).offset).toBe(4)
    expect((await broker.head('never')).offset).toBe(0)
  })

  it('has an epoch that no other broker has', async () => {
    const [one, two] = [make().broker, make().broker]
    const position = await publishOn(one, 'a', event())
    expect(position.epoch).toMatch(/^[\w-]{22}$/)
    await publishOn(two, 'a', event())
    expect((await two.since('a', position)).complete).toBe(false)
  })

  it('calls its listeners in order, once per event, until they are removed', async () => {
    const { broker } = make()
    const received: string[] = []
    const record = (name: string) => (e: ChannelEvent) => received.push(`${name}${e.offset}`)
    const same = eventListener(record('x'))
    const off = await broker.subscribe('a', eventListener(record('y')))
    const offSame = await broker.subscribe('a', same)
    await broker.subscribe('a', same)
    await publishOn(broker, 'a', event())
    await publishOn(broker, 'b', event())
    offSame()
    offSame()
    off()
    await publishOn(broker, 'a', event())
    expect(received).toEqual(['y1', 'x1', 'x1', 'x2'])
  })

  it('holds up to 32 MiB of the events of a channel, with 300 bytes for each', async () => {
    const { broker } = make()
    const most = (32 * 1024 * 1024) / (300 + 1_000)
    const kilobyte = { ...event(), json: JSON.stringify('x'.repeat(998)) }
    const count = 30_000
    for (let n = 1; n <= count; n++) await publishOn(broker, 'a', kilobyte)
    const { epoch } = await broker.head('a')
    const oldest = count - Math.floor(most) + 1
    const held = await broker.since('a', { epoch, offset: oldest })
    expect(held.complete).toBe(true)
    expect(held.events.map(({ offset }) => offset)).toEqual(
      Array.from({ length: count - oldest }, (_, n) => oldest + n + 1),
    )
    const older = await broker.since('a', { epoch, offset: oldest - 2 })
    expect(older).toMatchObject({ complete: false, events: [], head: { offset: count } })
  })

  it('has options for these limits', async () => {
    const clock = new ManualClock()
    const history = { keepMs: 1_000, channelBytes: 2_000, totalBytes: 3_000 }
    const broker = new MemoryBroker({ clock, history })
    const held = async (channel: string) => {
      const { epoch, offset } = await broker.head(channel)
      for (let from = 0; from < offset; from++) {
        const slice = await broker.since(channel, { epoch, offset: from })
        if (slice.complete) return slice.events.length
      }
      return 0
    }
    for (let n = 0; n < 10; n++) await publishOn(broker, 'a', event())
    expect(await held('a')).toBe(5)
    for (let n = 0; n < 4; n++) await publishOn(broker, 'b', event())
    expect([await held('a'), await held('b')]).toEqual([3, 4])
    await clock.advance(1_001)
    expect([await held('a'), await held('b')]).toEqual([0, 0])
  })

  it('holds events for 5 minutes, and continues to count', async () => {
    const { broker, clock } = make()
    const { epoch } = await publishOn(broker, 'a', event())
    await clock.advance(5 * minute)
    await publishOn(broker, 'a', event())
    expect((await broker.since('a', { epoch, offset: 0 })).events).toHaveLength(2)
    await clock.advance(1)
    expect((await broker.since('a', { epoch, offset: 0 })).complete).toBe(false)
    expect((await broker.since('a', { epoch, offset: 1 })).events).toHaveLength(1)
    await clock.advance(10 * minute)
    expect((await broker.since('a', { epoch, offset: 2 })).complete).toBe(true)
    await publishOn(broker, 'other', event())
    expect((await broker.since('a', { epoch, offset: 2 })).complete).toBe(true)
    expect(await publishOn(broker, 'a', event())).toEqual({ epoch, offset: 3 })
    expect((await broker.since('a', { epoch, offset: 1 })).complete).toBe(false)
  })

  it('holds about 64 MiB of events: the least recently used channel loses its own first', async () => {
    const { broker } = make()
    const large = { ...event(), json: JSON.stringify('x'.repeat(1024 * 1024)) }
    const fill = async (channel: string, count: number) => {
      for (let n = 0; n < count; n++) await publishOn(broker, channel, large)
    }
    const { epoch } = await broker.head('a')
    const held = async (channel: string) => {
      const { offset } = await broker.head(channel)
      for (let from = 0; from <= offset; from++) {
        const { complete, events } = await broker.since(channel, { epoch, offset: from })
        if (complete) return events.length
      }
      return undefined
    }
    for (const channel of ['a', 'b', 'c']) await fill(channel, 20)
    expect(await held('b')).toBe(20)
    // Reading a history counts as use: a is the least recently used channel, then c.
    await fill('d', 8)
    expect([await held('b'), await held('c'), await held('d'), await held('a')]).toEqual([
      20, 20, 8, 15,
    ])
    await fill('e', 25)
    expect([await held('a'), await held('b'), await held('c')]).toEqual([15, 0, 15])
    // The counters continue.
    expect(await publishOn(broker, 'b', event())).toEqual({ epoch, offset: 21 })
    // One channel alone keeps what fits.
    await fill('e', 100)
    expect(await held('e')).toBe(31)
  })

  it('keeps the epoch of a channel that was subscribed to before its first event', async () => {
    const { broker, clock } = make()
    const { epoch } = await publishOn(broker, 'b', event())
    const off = await broker.subscribe(
      'a',
      eventListener(() => {}),
    )
    await clock.advance(23 * 60 * minute)
    off()
    await clock.advance(2 * 60 * minute)
    await publishOn(broker, 'c', event())
    expect((await broker.head('a')).epoch).toBe(epoch)
    expect((await broker.head('b')).epoch).not.toBe(epoch)
    await publishOn(broker, 'a', event())
    expect(await broker.since('a', { epoch, offset: 0 })).toMatchObject({ complete: true })
  })

  it('evicts the oldest of more than 100,000 counters, and those without events first', async () => {
    const { broker, clock } = make()
    const { epoch } = await publishOn(broker, 'first', event())
    await publishOn(broker, 'second', event())
    await clock.advance(6 * minute)
    for (let n = 0; n < 100_010; n++)
      (
        await broker.subscribe(
          `blank ${n}`,
          eventListener(() => {}),
        )
      )()
    // Evicted without a new epoch, because the channel had no events.
    expect(await broker.head('blank 0')).toEqual({ epoch, offset: 0 })
    expect(await broker.head('first')).toEqual({ epoch, offset: 1 })
    for (let n = 0; n < 99_999; n++) await publishOn(broker, `${n}`, event())
    await clock.advance(6 * minute)
    await publishOn(broker, 'last', event())
    expect((await broker.head('first')).epoch).not.toBe(epoch)
    expect(await broker.head('second')).toEqual({ epoch, offset: 1 })
  })

  it('has no listeners, waiting lookups or replies after close', async () => {
    const { broker } = make()
    const received: unknown[] = []
    const off = await broker.subscribe(
      'a',
      eventListener((e) => received.push(e)),
    )
    const { epoch } = await publishOn(broker, 'a', event())
    await broker.replies.begin('k', 'd')
    const waiting = await broker.replies.begin('k', 'd')
    await broker.close()
    off()
    await publishOn(broker, 'a', event())
    expect(received).toHaveLength(1)
    expect((await broker.since('a', { epoch, offset: 0 })).events).toHaveLength(1)
    expect(waiting.state === 'started' && (await waiting.record)).toBe(undefined)
  })

  it('refuses positions beyond the head and of another history', async () => {
    const { broker } = make()
    const { epoch } = await publishOn(broker, 'a', event())
    expect((await broker.since('a', { epoch, offset: 2 })).complete).toBe(false)
    expect((await broker.since('a', { epoch: 'x', offset: 1 })).complete).toBe(false)
  })

  it('drops a counter 24 hours after its last event, and starts a new history then', async () => {
    const { broker, clock } = make()
    const { epoch } = await publishOn(broker, 'a', event())
    await clock.advance(24 * 60 * minute)
    await publishOn(broker, 'b', event())
    expect(await broker.head('a')).toEqual({ epoch, offset: 1 })
    await clock.advance(1)
    await publishOn(broker, 'b', event())
    await publishOn(broker, 'a', event())
    expect((await broker.head('b')).epoch).toBe(epoch)
    expect((await broker.head('a')).epoch).not.toBe(epoch)
    expect((await broker.since('a', { epoch, offset: 1 })).complete).toBe(false)
  })

  it('drops no counter of a channel with listeners', async () => {
    const { broker, clock } = make()
    const { epoch } = await publishOn(broker, 'a', event())
    const off = await broker.subscribe(
      'a',
      eventListener(() => {}),
    )
    await clock.advance(30 * 60 * minute)
    await publishOn(broker, 'b', event())
    expect(await publishOn(broker, 'a', event())).toEqual({ epoch, offset: 2 })
    off()
  })

  it('drops what has expired without a further call, by a timer in the background', async () => {
    const { broker, clock } = make()
    const payload = { large: 'x'.repeat(1_000_000) }
    const fill = async () => {
      for (let n = 0; n < 30; n++)
        await publishOn(broker, 'a', { ...event(), json: JSON.stringify({ ...payload, n }) })
    }
    const before = heapBytes()
    await fill()
    expect(heapBytes() - before).toBeGreaterThan(25_000_000)
    expect([clock.timers, clock.backgroundTimers]).toEqual([0, 1])
    await clock.advance(6 * minute)
    expect(heapBytes() - before).toBeLessThan(5_000_000)
    await clock.advance(24 * 60 * minute)
    expect(clock.backgroundTimers).toBe(0)
    await fill()
    await broker.close()
    expect(clock.backgroundTimers).toBe(0)
  })

  it('keeps its size with one event in each of 150,000 channels, and frees it', async () => {
    const { broker, clock } = make()
    const before = heapBytes()
    for (let n = 0; n < 150_000; n++) await publishOn(broker, `${n}`, event(n, `${n}`))
    expect(heapBytes() - before).toBeLessThan(64 * 1024 * 1024)
    await clock.advance(6 * minute)
    // The counters of 100,000 channels.
    expect(heapBytes() - before).toBeLessThan(24 * 1024 * 1024)
    await clock.advance(25 * 60 * minute)
    expect(heapBytes() - before).toBeLessThan(4 * 1024 * 1024)
  })

  test.prop([
    fc.array(fc.record({ channel: fc.constantFrom('a', 'b'), wait: fc.nat({ max: 3 * minute }) }), {
      maxLength: 60,
    }),
  ])('never reports continuity after a gap', async (steps) => {
    const { broker, clock } = make()
    const all = new Map<string, number[]>([
      ['a', []],
      ['b', []],
    ])
    for (const [n, { channel, wait }] of steps.entries()) {
      await clock.advance(wait)
      await publishOn(broker, channel, event(n, channel))
      all.get(channel)?.push(n)
      for (const [name, published] of all) {
        const { epoch, offset: last } = await broker.head(name)
        expect(last).toBe(published.length)
        for (let offset = 0; offset <= last; offset++) {
          const { complete, events } = await broker.since(name, { epoch, offset })
          if (complete) expect(events.map((e) => e.timestamp)).toEqual(published.slice(offset))
          else expect(events).toEqual([])
        }
      }
    }
  })
})
