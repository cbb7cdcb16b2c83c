import { fc, test } from '@fast-check/vitest'
import { onlineManager, QueryObserver } from '@tanstack/query-core'
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import type { SyncSnapshot, SyncTarget } from 'wirefold'
import { sync } from 'wirefold'
import { contract, unchecked } from 'wirefold/contract'
import { eventFrame } from 'wirefold/dialects'
import { queryBridge } from 'wirefold/tanstack-query'
import { settle } from 'wirefold/testing'
import { until } from '../../support/live.ts'
import { wideDialect } from '../../support/wide-dialect.ts'
import { bridged } from './bridged.ts'

describe('a bridged query', () => {
  it('is fetched once its channel is live, with the events that arrive meanwhile', async () => {
    const { clock, server, add, observe, data, state, truth, counts } = bridged()
    add(1)
    observe()
    await clock.advance(15)
    add(2)
    await clock.advance(5)
    add(4)
    expect([data(), counts.loads]).toEqual([undefined, 1])
    await clock.advance(100)
    expect([data(), truth.sum]).toEqual([7, 7])
    expect(state()).toMatchObject({ status: 'success', fetchStatus: 'idle' })
    add(8)
    await clock.advance(10)
    expect([data(), counts.loads, server.count('subscribe')]).toEqual([15, 1, 1])
  })

  it('changes the cache once for all events of a tick', async () => {
    const { clock, server, queries, observe, data, counts } = bridged()
    observe()
    await clock.advance(100)
    const set = vi.spyOn(queries, 'setQueryData')
    const events = Array.from({ length: 50 }, (_, n) => ({
      ...{ type: 'added', channel: 'sum', payload: 1 },
      ...{ id: `x${n}`, epoch: server.epoch, offset: n + 1 },
    }))
    server.send(events)
    await clock.advance(10)
    expect([data(), counts.patches, set.mock.calls.length]).toEqual([50, 50, 1])
  })

  it('is shared by its observers, and not fetched for another one', async () => {
    const { clock, server, observe, counts, add, data } = bridged()
    observe()
    await clock.advance(100)
    add(1)
    await clock.advance(100)
    observe()
    await clock.advance(100)
    expect([data(), counts.loads, server.count('subscribe')]).toEqual([1, 1, 1])
  })

  it('is fetched again after a gap, and shows it', async () => {
    const { clock, observe, lose, add, data, counts, state } = bridged()
    observe()
    await clock.advance(100)
    add(1)
    lose('e2')
    add(2)
    const seen = new Set<string | undefined>()
    for (let n = 0; n < 300; n++) {
      await clock.advance(10)
      seen.add(state()?.fetchStatus)
    }
    expect([data(), counts.loads]).toEqual([3, 2])
    expect([...seen]).toEqual(['idle', 'fetching'])
    expect(state()).toMatchObject({ isInvalidated: false, fetchStatus: 'idle' })
  })

  it('is not fetched by the cache too when the connection is back', async () => {
    const { clock, server, observe, add, data, counts } = bridged()
    observe()
    await clock.advance(100)
    onTestFinished(() => onlineManager.setOnline(true))
    onlineManager.setOnline(false)
    server.drop()
    add(1)
    await clock.advance(500)
    onlineManager.setOnline(true)
    await clock.advance(5_000)
    expect([data(), counts.loads]).toEqual([1, 1])
  })

  it('is fetched once after a gap, also where the browser was offline', async () => {
    const { clock, observe, lose, data, add, counts } = bridged()
    observe()
    await clock.advance(100)
    onTestFinished(() => onlineManager.setOnline(true))
    onlineManager.setOnline(false)
    lose('e2')
    add(1)
    onlineManager.setOnline(true)
    await clock.advance(5_000)
    expect([data(), counts.loads]).toEqual([1, 2])
  })

  it('releases its subscription a while after its last observer, and is stale from then on', async () => {
    const { clock, channels, observe, add, data, counts } = bridged()
    const leave = observe()
    await clock.advance(100)
    leave()
    await clock.advance(200)
    // Opened again within the linger time: nothing is fetched.
    const leaveAgain = observe()
    await clock.advance(1_000)
    add(1)
    await clock.advance(10)
    expect([data(), counts.loads, channels.size]).toEqual([1, 1, 1])
    leaveAgain()
    await clock.advance(1_000)
    expect(channels.size).toBe(0)
    add(2)
    await clock.advance(1_000)
    expect(data()).toBe(1)
    observe()
    await clock.advance(1_000)
    expect([data(), counts.loads, channels.size]).toEqual([3, 2, 1])
  })

  it('releases its subscription when it is left during its first fetch', async () => {
    const { clock, channels, observe, state, data } = bridged()
    const leave = observe()
    await clock.advance(15)
    leave()
    await clock.advance(1_000)
    expect([channels.size, state()?.fetchStatus]).toEqual([0, 'idle'])
    observe()
    await clock.advance(1_000)
    expect(data()).toBe(0)
  })

  it('releases its subscription when it is removed from the cache', async () => {
    const { clock, channels, queries, sums, client } = bridged()
    void queries.prefetchQuery(sums)
    await clock.advance(1_000)
    expect([queries.getQueryData(['sum']), channels.size]).toEqual([0, 1])
    queries.removeQueries({ queryKey: ['sum'] })
    await clock.advance(1_000)
    expect([queries.getQueryData(['sum']), channels.size]).toEqual([undefined, 0])
    client.close()
    await clock.advance(10)
    expect(clock.timers).toBe(0)
  })

  it('is collected by the cache like any query', async () => {
    const { clock, channels, queries, sums } = bridged()
    const leave = new QueryObserver(queries, { ...sums, gcTime: 0 }).subscribe(() => {})
    await clock.advance(100)
    leave()
    await until(() => expect(queries.getQueryCache().getAll()).toEqual([]))
    await clock.advance(1_000)
    expect(channels.size).toBe(0)
  })

  it('releases its subscription when it was fetched for no observer, and is collected', async () => {
    const { clock, server, channels, queries, sums, counts } = bridged()
    void queries.prefetchQuery({ ...sums, gcTime: 0 })
    await clock.advance(100)
    expect([counts.loads, server.count('subscribe')]).toEqual([1, 1])
    await until(() => expect(queries.getQueryCache().getAll()).toEqual([]))
    await clock.advance(1_000)
    expect(channels.size).toBe(0)
  })

  it('is fetched and followed where a server has rendered its data', async () => {
    const { clock, queries, observe, add, data, counts } = bridged()
    queries.setQueryData(['sum'], 100)
    observe()
    expect(data()).toBe(100)
    await clock.advance(100)
    add(1)
    await clock.advance(100)
    expect([data(), counts.loads]).toEqual([1, 1])
  })

  it('keeps what the application sets, until it is fetched again', async () => {
    const { clock, queries, observe, add, data } = bridged()
    observe()
    await clock.advance(100)
    queries.setQueryData(['sum'], 1_000)
    add(1)
    await clock.advance(100)
    expect(data()).toBe(1_001)
    void queries.invalidateQueries({ queryKey: ['sum'] })
    add(1)
    await clock.advance(100)
    expect(data()).toBe(2)
  })

  for (const patches of [true, false]) {
    const how = patches ? 'with' : 'without'
    it(`keeps an optimistic value after its fetch was cancelled, ${how} a patch`, async () => {
      const signals: AbortSignal[] = []
      const parts = bridged({ patches })
      const { clock, queries, bridge, channels, load, counts, add } = parts
      const query = bridge.query('sum', {
        queryKey: ['sum'],
        load: (signal) => {
          signals.push(signal)
          return load()
        },
        ...(patches && { patch: (sum: number, { payload }) => sum + Number(payload) }),
      })
      new QueryObserver(queries, query).subscribe(() => {})
      await clock.advance(100)
      for (const fetchedMs of [0, 5, 15]) {
        void queries.invalidateQueries({ queryKey: ['sum'] })
        if (fetchedMs > 0) await clock.advance(fetchedMs)
        await queries.cancelQueries({ queryKey: ['sum'] })
        queries.setQueryData(['sum'], 1_000)
        await clock.advance(100)
        expect(parts.data()).toBe(1_000)
      }
      const [, ...cancelled] = signals
      expect([cancelled.map(({ aborted }) => aborted), counts.loads]).toEqual([[true, true], 3])
      add(1)
      await clock.advance(100)
      expect(parts.data()).toBe(patches ? 1_001 : 1)
      void queries.invalidateQueries({ queryKey: ['sum'] })
      await clock.advance(100)
      expect([parts.data(), channels.size]).toEqual([1, 1])
    })
  }

  it('is stale where its first fetch was cancelled', async () => {
    const { clock, queries, observe, add, data } = bridged()
    queries.setQueryData(['sum'], 100)
    observe()
    await clock.advance(15)
    await queries.cancelQueries({ queryKey: ['sum'] })
    add(1)
    await clock.advance(100)
    expect(data()).toBe(101)
    observe()
    await clock.advance(100)
    expect(data()).toBe(1)
  })

  it('has the error of a fetch, and recovers with the next attempt of sync', async () => {
    const { clock, observe, failures, errors, data, state } = bridged()
    failures.push(new Error('no route'))
    observe()
    await clock.advance(100)
    expect(state()).toMatchObject({ status: 'error', error: { message: 'no route' } })
    await clock.advance(5_000)
    expect(state()).toMatchObject({ status: 'success', error: null })
    expect([data(), errors]).toEqual([0, []])
  })

  it('has the error of a channel that the server refuses', async () => {
    const { clock, server, observe, state } = bridged()
    server.silent = true
    observe()
    await clock.advance(10)
    const subscribe = server.messages.find(({ type }) => type === 'subscribe')
    server.send({
      type: 'error',
      replyTo: subscribe?.requestId,
      requestId: subscribe?.requestId,
      payload: { code: 'forbidden', message: 'Not yours.' },
    })
    await clock.advance(100)
    expect(state()).toMatchObject({ status: 'error', error: { code: 'forbidden' } })
  })

  it('has the error of a channel that the contract does not list', async () => {
    const { clock, observe, state, queries, sums } = bridged({
      contract: contract({ channels: { other: { added: unchecked<number>() } } }),
    })
    observe()
    await clock.advance(100)
    const refused = { status: 'error', error: { code: 'bad-channel' } }
    expect(state()).toMatchObject(refused)
    await queries.refetchQueries({ queryKey: sums.queryKey })
    expect(state()).toMatchObject(refused)
  })

  for (const [when, atMs] of [
    ['before its channel is live', 2],
    ['during its first fetch', 20],
    ['during a later fetch', 110],
    ['before it is fetched', 0],
  ] as const) {
    it(`has the error "closed" where the client is closed ${when}`, async () => {
      const { clock, client, observe, queries, sums, state, data, truth } = bridged()
      if (atMs === 0) client.close()
      observe()
      await clock.advance(Math.min(atMs, 100))
      if (atMs > 100) void queries.refetchQueries({ queryKey: sums.queryKey })
      await clock.advance(Math.max(0, atMs - 100))
      client.close()
      await clock.advance(1)
      const failed = { status: 'error', fetchStatus: 'idle', error: { code: 'closed' } }
      expect(state()).toMatchObject(failed)
      truth.sum = 7
      void client.connect()
      await clock.advance(5_000)
      expect([data(), state()?.status]).toEqual([7, 'success'])
    })
  }

  it('is fetched where its channel has ended before it was live', async () => {
    const dialect = () => wideDialect()
    const { clock, server, client, observe, truth, data, counts, state } = bridged({ dialect })
    truth.sum = 7
    void client.connect()
    await clock.advance(100)
    server.silent = true
    observe()
    await clock.advance(100)
    server.send({ type: 'ended', channel: 'sum' })
    await clock.advance(100)
    expect([data(), counts.loads, state()?.fetchStatus]).toEqual([7, 1, 'idle'])
  })

  it('reports a patch that throws, and applies the others', async () => {
    const { clock, channels, queries, bridge, errors, add } = bridged()
    const fault = new Error('patch')
    const query = bridge.query('sum', {
      queryKey: ['faulty'],
      load: async () => ({ state: 0 }),
      patch: (sum, { payload }) => {
        if (payload === 2) throw fault
        return sum + Number(payload)
      },
    })
    new QueryObserver(queries, query).subscribe(() => {})
    await clock.advance(100)
    for (const n of [1, 2, 3]) add(n)
    await clock.advance(100)
    expect([queries.getQueryData(['faulty']), errors]).toEqual([4, [fault]])
    expect(channels.size).toBe(1)
  })

  it('is fetched again by its events without a patch, once for those of a tick', async () => {
    const { clock, observe, add, data, counts, state } = bridged({ patches: false })
    observe()
    await clock.advance(100)
    for (let n = 0; n < 20; n++) add(1)
    await clock.advance(15)
    expect([counts.loads, state()?.fetchStatus]).toEqual([2, 'fetching'])
    add(1)
    await clock.advance(1_000)
    expect([data(), state()?.fetchStatus]).toEqual([21, 'idle'])
    expect(counts.loads).toBeLessThanOrEqual(3)
  })

  it('loses no event that arrives while the cache stores the result of its fetch', async () => {
    for (let microtasks = 0; microtasks < 40; microtasks++) {
      const { channels, queries, counts } = bridged()
      let into: SyncTarget<number> | undefined
      const steered: typeof sync = (subscriber, channel, options) => {
        // The state of this test's query is a number.
        into = options.into as unknown as SyncTarget<number>
        return sync(subscriber, channel, options)
      }
      const query = queryBridge(queries, channels, steered).query('sum', {
        queryKey: ['sum'],
        load: () => new Promise<SyncSnapshot<number>>(() => {}),
        patch: (sum, { payload }) => sum + Number(payload),
      })
      const leave = new QueryObserver(queries, query).subscribe(() => {})
      into?.reset(1, undefined)
      for (let n = 0; n < microtasks; n++) await Promise.resolve()
      into?.fold([eventFrame('sum', 'added', { payload: 1 })])
      await settle()
      await settle()
      expect([microtasks, queries.getQueryData(['sum'])]).toEqual([microtasks, 2])
      expect(counts.loads).toBe(0)
      leave()
    }
  })

  it('has the type of its data', () => {
    const { bridge, queries } = bridged()
    const query = bridge.query('a', {
      queryKey: ['a', 1],
      load: async () => ({ state: [{ id: 'x' }] }),
      patch: (rows, { type }) => rows.filter(({ id }) => id !== type),
    })
    const observer = new QueryObserver(queries, query)
    expectTypeOf(observer.getCurrentResult().data).toEqualTypeOf<{ id: string }[] | undefined>()
    expectTypeOf(query.queryKey).toEqualTypeOf<readonly ['a', 1]>()
  })
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 5, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ pass: fc.constant(300) }) },
  { weight: 1, arbitrary: fc.constant('drop' as const) },
  { weight: 1, arbitrary: fc.constant('lose' as const) },
  { weight: 2, arbitrary: fc.constant('refetch' as const) },
  { weight: 1, arbitrary: fc.constant('cancel' as const) },
  { weight: 2, arbitrary: fc.constant('leave' as const) },
  { weight: 2, arbitrary: fc.constant('observe' as const) },
  { weight: 1, arbitrary: fc.constant('remove' as const) },
)

test.prop(
  [
    fc.array(step, { maxLength: 50 }),
    fc.record({
      latencyMs: fc.integer({ min: 0, max: 30 }),
      beforeMs: fc.integer({ min: 0, max: 100 }),
      afterMs: fc.integer({ min: 0, max: 100 }),
      patches: fc.boolean(),
    }),
  ],
  { numRuns: 500 },
)(
  'a bridged query ends with the state of the server, whenever it is fetched',
  async (steps, how) => {
    const { clock, server, channels, queries, add, lose, observe, data, truth, client } =
      bridged(how)
    const left = [observe()]
    let epochs = 1
    for (const what of steps) {
      if (what === 'observe') left.push(observe())
      else if (what === 'leave') left.pop()?.()
      else if (what === 'refetch') void queries.invalidateQueries({ queryKey: ['sum'] })
      else if (what === 'cancel') void queries.cancelQueries({ queryKey: ['sum'] })
      else if (what === 'remove') {
        for (const leave of left.splice(0)) leave()
        queries.removeQueries({ queryKey: ['sum'] })
      } else if (what === 'drop' || what === 'lose') {
        if (server.transport.ends.length === 0) continue
        if (what === 'drop') server.drop()
        else lose(`e${++epochs}`)
      } else if ('add' in what) add(what.add)
      else await clock.advance(what.pass)
    }
    left.push(observe())
    await clock.advance(60_000)
    expect(data()).toBe(truth.sum)
    expect(channels.size).toBe(1)
    for (const leave of left) leave()
    await clock.advance(1_000)
    expect(channels.size).toBe(0)
    queries.clear()
    client.close()
  },
)
