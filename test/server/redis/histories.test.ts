import { expect, it } from 'vitest'
import type { NewEvent } from 'wirefold/server'
import type { RedisBrokerOptions } from 'wirefold/server/redis'
import { event, eventListener, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

/** An event whose payload has about so many bytes. */
const sized = (bytes: number): NewEvent => ({ ...event(), json: `"${'x'.repeat(bytes)}"` })

describeWithRedis('histories in Redis', async () => {
  const bench = await redisBench()

  /** A broker with history limits; `held()` returns the sizes that Redis keeps of its histories. */
  async function world(history: RedisBrokerOptions['history'] = {}) {
    const prefix = bench.prefix()
    const broker = await bench.broker({ prefix, history })
    const command = async (...args: readonly string[]) =>
      String((await bench.command(...args)) ?? '')
    const numbers = async (...args: readonly string[]) =>
      (await command(...args)).split(',').map(Number)
    /** The size of a history, and the sum of what its entries count; they must be equal. */
    const held = async (name: string) => {
      const [sum = 0, from = 0] = await numbers('HMGET', `${prefix}:channel:${name}`, 'sum', 'from')
      const script =
        "local e = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1] return e and e[2][4]"
      const oldest = await command('EVAL', script, '1', `${prefix}:stream:${name}`)
      return { bytes: sum - from, counted: oldest ? sum - Number(oldest) : 0 }
    }
    const total = async () => Number(await command('GET', `${prefix}:bytes`))
    const presenceTotal = async () => Number(await command('GET', `${prefix}:presence:bytes`))
    const length = async (name: string) => Number(await command('XLEN', `${prefix}:stream:${name}`))
    const reaches = async (name: string, offset: number) => {
      const { epoch } = await broker.head(name)
      return (await broker.since(name, { epoch, offset })).complete
    }
    return { prefix, broker, held, total, presenceTotal, length, reaches }
  }

  it('hold more than 1,000 events, and return all that are missed', async () => {
    const { broker, length } = await world()
    await Promise.all(Array.from({ length: 900 }, (_, n) => publishOn(broker, 'a', event(n + 1))))
    await Promise.all(Array.from({ length: 900 }, (_, n) => publishOn(broker, 'a', event(n + 901))))
    await Promise.all(
      Array.from({ length: 800 }, (_, n) => publishOn(broker, 'a', event(n + 1801))),
    )
    expect(await length('a')).toBe(2_600)
    for (const missed of [2_600, 2_000, 1_999, 1_001, 1_000, 1, 0]) {
      const head = await broker.head('a')
      const slice = await broker.since('a', { ...head, offset: head.offset - missed })
      const offsets = Array.from({ length: missed }, (_, n) => 2_601 - missed + n)
      expect(slice.events.map(({ offset }) => offset)).toEqual(offsets)
      expect(slice.events.map(({ payload }) => payload)).toEqual(offsets)
      expect(slice).toMatchObject({ head, complete: true })
    }
  })

  it('hold a number of bytes of one channel, counted exactly, whatever is trimmed', async () => {
    const limit = 20_000
    const { broker, held, length, reaches } = await world({ channelBytes: limit })
    let most = 0
    for (let n = 1; n <= 150; n++) {
      // Small events after large ones, and large ones after many small ones.
      const size = n % 50 === 0 ? 8_000 : (n * 37) % 400
      const { offset } = await publishOn(broker, 'a', sized(size))
      const { bytes, counted } = await held('a')
      expect(bytes).toBe(counted)
      expect(bytes).toBeLessThanOrEqual(limit)
      most = Math.max(most, bytes)
      const left = await length('a')
      expect(await reaches('a', offset - left)).toBe(true)
      if (left < offset) expect(await reaches('a', offset - left - 1)).toBe(false)
    }
    // No more is trimmed than necessary.
    expect(most).toBeGreaterThan(limit - 1_000)
  })

  it('deliver an event that is larger than the history, and keep it until the next one', async () => {
    const { broker, held, length, reaches } = await world({ channelBytes: 5_000 })
    const heard: unknown[] = []
    await broker.subscribe(
      'a',
      eventListener(({ offset }) => heard.push(offset)),
    )
    for (const size of [100, 20_000, 100]) await publishOn(broker, 'a', sized(size))
    await until(() => expect(heard).toEqual([1, 2, 3]))
    expect(await length('a')).toBe(1)
    expect([await reaches('a', 1), await reaches('a', 2)]).toEqual([false, true])
    const { bytes, counted } = await held('a')
    expect(bytes).toBe(counted)
  })

  it('hold events for a time; what has expired is subtracted from the size of all', async () => {
    const { broker, held, total, length, prefix } = await world({ keepMs: 100 })
    for (let n = 0; n < 5; n++) await publishOn(broker, `once ${n}`, sized(100))
    await publishOn(broker, 'a', sized(3_000))
    await until(async () => expect(await bench.command('EXISTS', `${prefix}:stream:a`)).toBe(0))
    await publishOn(broker, 'a', sized(10))
    const { bytes, counted } = await held('a')
    expect(bytes).toBe(counted)
    expect(await length('a')).toBe(1)
    expect(bytes).toBeLessThan(1_000)
    // The channels that had an event once are dropped, too.
    expect(await total()).toBeLessThan(6_000)
    expect(await bench.command('ZCARD', `${prefix}:histories`)).toBe(1)
  })

  it('lose nothing to the events of presence, which have a quarter of the bytes beside them', async () => {
    const totalBytes = 100_000
    const { broker, total, presenceTotal, reaches } = await world({ totalBytes })
    const names = Array.from({ length: 10 }, (_, n) => `c${n}`)
    for (const name of names) await publishOn(broker, name, sized(1_000))
    const before = await total()
    for (let n = 0; n < 200; n++) await publishOn(broker, `presence:r${n % 50}`, sized(1_000))
    expect(await total()).toBe(before)
    for (const name of names) expect(await reaches(name, 0)).toBe(true)
    // Histories with an event of this millisecond are evicted by a later batch.
    await until(async () => {
      await publishOn(broker, 'presence:last', sized(10))
      expect(await presenceTotal()).toBeLessThanOrEqual(totalBytes / 4)
    })
    expect(await presenceTotal()).toBeGreaterThan(totalBytes / 8)
    expect(await reaches('presence:r0', 0)).toBe(false)
  })

  it('hold a number of bytes in all; the history whose last event is the oldest is lost first', async () => {
    const totalBytes = 100_000
    const { broker, held, total, length, reaches } = await world({ totalBytes })
    const names = Array.from({ length: 10 }, (_, n) => `c${n}`)
    for (const name of names) await publishOn(broker, name, sized(1_000))
    for (const name of names) expect(await reaches(name, 0)).toBe(true)
    expect(await total()).toBeLessThanOrEqual(totalBytes)
    // The first channel is used again, so that the second one is the first to be lost.
    await publishOn(broker, 'c0', sized(1_000))
    for (let n = 0; n < 10; n++) await publishOn(broker, 'c10', sized(3_000))
    const kept = []
    for (const name of names) if (await reaches(name, 0)) kept.push(name)
    expect(kept).toContain('c0')
    expect(kept).toContain('c9')
    expect(kept).not.toContain('c1')
    expect(kept.length).toBeGreaterThan(5)
    let sum = 0
    for (const name of [...names, 'c10']) {
      const { bytes, counted } = await held(name)
      expect(bytes).toBe(counted)
      if (await length(name)) sum += bytes + 5_000 + 2 * name.length
    }
    expect(await total()).toBe(sum)
    expect(sum).toBeLessThanOrEqual(totalBytes)
    // A channel that lost its history continues at its offset.
    expect((await publishOn(broker, 'c1', sized(10))).offset).toBe(2)
    expect([await reaches('c1', 0), await reaches('c1', 1)]).toEqual([false, true])
  })

  it('are counted anew where a channel or the store has a new history', async () => {
    const { broker, held, total, prefix } = await world()
    await publishOn(broker, 'a', sized(1_000))
    await publishOn(broker, 'a', sized(1_000))
    // As after a restart of Redis with its data.
    await bench.command('HSET', `${prefix}:generation`, 'run', 'another')
    await publishOn(broker, 'a', sized(100))
    const { bytes, counted } = await held('a')
    expect(bytes).toBe(counted)
    expect(await total()).toBe(bytes + 5_000 + 2 * 'a'.length)
  })

  it('take no more memory of Redis than what is counted', async () => {
    const memory = async () =>
      Number(/used_memory:(\d+)/.exec(String(await bench.command('INFO', 'memory')))?.[1])
    for (const [channels, events, size] of [
      [300, 1, 10],
      [3, 1_000, 10],
      [3, 1_000, 300],
      [3, 300, 5_000],
      [3, 30, 60_000],
    ] as const) {
      const { broker, total } = await world()
      await publishOn(broker, 'warm', sized(size))
      const [before, counted] = [await memory(), await total()]
      for (let n = 0; n < channels * events; n += 50) {
        const some = Array.from({ length: Math.min(50, channels * events - n) }, (_, at) => n + at)
        await Promise.all(some.map((at) => publishOn(broker, `c${at % channels}`, sized(size))))
      }
      const held = (await total()) - counted
      // Redis frees the buffers of connections some time later.
      await until(async () => {
        const taken = (await memory()) - before
        expect(taken, `${size}`).toBeLessThan(held)
        expect(taken, `${size}`).toBeGreaterThan(held / 4)
      })
    }
  })
})
