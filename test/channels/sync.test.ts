import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { ChannelSync, EventFrame, SyncSnapshot } from 'wirefold'
import { ChannelSubscriber, sync } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'

/** A sum on the server, changed by events of +n, and synced by a client. */
function synced(latencyMs = 5) {
  const parts = scripted({ latencyMs })
  const { clock, server, client } = parts
  const channels = new ChannelSubscriber(client)
  const truth = { sum: 0, offset: 0 }
  const add = (n: number) => {
    truth.sum += n
    truth.offset++
    server.publish('sum', 'added', n)
  }
  const target = {
    sum: Number.NaN,
    resets: 0,
    reset(state: number) {
      this.sum = state
      this.resets++
    },
    fold(events: readonly EventFrame[]) {
      for (const { payload } of events) this.sum += Number(payload)
    },
  }
  /** Reads the sum `beforeMs` after the call, and returns it `afterMs` later. */
  const load = (beforeMs: number, afterMs: number) => async (): Promise<SyncSnapshot<number>> => {
    await new Promise<void>((resolve) => clock.after(beforeMs, resolve))
    const state = truth.sum
    const at = { epoch: server.epoch, offset: truth.offset }
    await new Promise<void>((resolve) => clock.after(afterMs, resolve))
    return { state, at }
  }
  const lose = (epoch: string) => {
    server.drop()
    server.forget(epoch)
    truth.offset = 0
  }
  return { ...parts, channels, truth, add, target, load, lose }
}

describe('sync', () => {
  it('fetches the state once the channel is live, and folds events received meanwhile', async () => {
    const { clock, channels, truth, add, target, load } = synced()
    add(1)
    const tasks = started(sync(channels, 'sum', { load: load(60, 60), into: target }))
    const seen: string[] = []
    tasks.status.subscribe(({ name }) => seen.push(name))
    await clock.advance(50)
    for (const n of [2, 3, 4]) {
      add(n)
      await clock.advance(10)
    }
    expect(target.resets).toBe(0)
    await clock.advance(200)
    add(5)
    await clock.advance(100)
    expect(target.sum).toBe(truth.sum)
    expect(target.resets).toBe(1)
    expect(seen).toEqual(['idle', 'pending', 'live'])
  })

  it('fetches again after a gap, but not after a recovered disconnect', async () => {
    const { clock, channels, server, add, truth, target, load, lose } = synced()
    const tasks = started(sync(channels, 'sum', { load: load(30, 30), into: target }))
    const seen: string[] = []
    tasks.status.subscribe(({ name }) => seen.push(name))
    await clock.advance(200)
    server.drop()
    add(1)
    await clock.advance(3_000)
    expect([target.sum, target.resets]).toEqual([1, 1])
    add(2)
    lose('e2')
    add(4)
    await clock.advance(3_000)
    expect([target.sum, target.resets]).toEqual([truth.sum, 2])
    expect(seen).toEqual([
      ...['idle', 'pending', 'live', 'recovering'],
      ...['live', 'recovering', 'gap', 'live'],
    ])
  })

  it('is refused where subscribing throws, and rejects `ready`', async () => {
    const { clock, client } = scripted()
    const channels = new ChannelSubscriber(client)
    const errors: unknown[] = []
    let isBroken = true
    const params = () => {
      if (isBroken) throw new Error('no session')
    }
    const onError = (error: unknown) => errors.push(error)
    const load = async () => ({ state: 1 })
    const into = { reset() {}, fold() {} }
    const tasks = sync(channels, 'sum', { load, into, params, onError })
    const error = { code: 'handler-failed', cause: { message: 'no session' } }
    await expect(tasks.ready).rejects.toMatchObject(error)
    const stop = tasks.start()
    await clock.advance(10)
    expect([tasks.status.get(), errors]).toMatchObject([{ name: 'refused', error }, []])
    stop()
    await clock.advance(1_000)
    expect(tasks.status.get().name).toBe('idle')
    started(tasks)
    await clock.advance(10)
    expect(errors).toMatchObject([error])
    isBroken = false
    tasks()
    const others = started(sync(channels, 'sum', { load, into, params, onError }))
    await clock.advance(1_000)
    expect([others.status.get().name, errors.length]).toEqual(['live', 1])
  })

  it('retries with growing waits, and reports every error', async () => {
    const { clock, channels, truth, add, target, load } = synced()
    const errors: unknown[] = []
    let tries = 0
    const good = load(1, 1)
    const tasks = started(
      sync(channels, 'sum', {
        load: () => (++tries < 4 ? Promise.reject(new Error(`try ${tries}`)) : good()),
        into: target,
        onError: (error) => errors.push(error),
      }),
    )
    add(7)
    await clock.advance(600)
    expect(tries).toBe(2)
    expect(tasks.status.get().name).toBe('pending')
    await clock.advance(5_000)
    expect(errors).toMatchObject([{ message: 'try 1' }, { message: 'try 2' }, { message: 'try 3' }])
    expect(target.sum).toBe(truth.sum)
  })

  it('rejects a state older than the events it received', async () => {
    const { clock, channels, server, add, truth, target } = synced()
    for (const n of [1, 2, 3]) add(n)
    const errors: unknown[] = []
    let tries = 0
    started(
      sync(channels, 'sum', {
        load: async () =>
          ++tries === 1
            ? { state: 1, at: { epoch: server.epoch, offset: 1 } }
            : { state: truth.sum, at: { epoch: server.epoch, offset: truth.offset } },
        into: target,
        onError: (error) => errors.push(error),
      }),
    )
    await clock.advance(3_000)
    expect(errors).toMatchObject([{ code: 'stale' }])
    expect([target.sum, target.resets]).toEqual([6, 1])
  })

  it('shares the subscription, and fetches for each target', async () => {
    const { clock, channels, server, add, truth, target, load } = synced()
    const other = synced().target
    started(sync(channels, 'sum', { load: load(10, 10), into: target }))
    await clock.advance(500)
    add(3)
    started(sync(channels, 'sum', { load: load(10, 10), into: other }))
    await clock.advance(500)
    add(4)
    await clock.advance(500)
    expect([target.sum, other.sum]).toEqual([truth.sum, truth.sum])
    expect(server.count('subscribe')).toBe(1)
  })

  it('times out a fetch that never settles, reports it, and retries with a longer timeout', async () => {
    const { clock, channels, truth, add, target, load } = synced()
    const signals: AbortSignal[] = []
    const errors: unknown[] = []
    const good = load(10, 10)
    const sums = sync(channels, 'sum', {
      load: (signal) => (signals.push(signal) < 3 ? new Promise(() => {}) : good()),
      into: target,
      onError: (error) => errors.push(error),
    })
    started(sums)
    add(7)
    await clock.advance(30_100)
    expect(errors).toMatchObject([{ code: 'timeout', detail: { timeoutMs: 30_000 } }])
    expect(signals[0]?.aborted).toBe(true)
    await clock.advance(64_000)
    expect(errors).toMatchObject([{}, { code: 'timeout', detail: { timeoutMs: 60_000 } }])
    expect([target.sum, target.resets]).toEqual([truth.sum, 1])
    expect(clock.timers).toBe(1) // the heartbeat
  })

  it('aborts its fetch at close(), and starts another after the next connect()', async () => {
    for (const gap of [false, true]) {
      const { clock, channels, client, add, truth, target, load, lose } = synced()
      const answers: ((sum: number) => void)[] = []
      const signals: AbortSignal[] = []
      let isHeld = !gap
      const good = load(1, 1)
      const tasks = sync(channels, 'sum', {
        load: (signal) => {
          if (!isHeld) return good()
          signals.push(signal)
          return new Promise((resolve) => answers.push((state) => resolve({ state })))
        },
        into: target,
      })
      started(tasks)
      await clock.advance(100)
      if (gap) {
        isHeld = true
        lose('e2')
        await clock.advance(3_000)
        expect(tasks.status.get().name).toBe('gap')
      }
      expect(signals).toHaveLength(1)
      client.close()
      expect(signals[0]?.aborted).toBe(true)
      await clock.advance(600_000)
      expect(clock.timers).toBe(0)
      expect(signals).toHaveLength(1)
      isHeld = false
      void client.connect()
      add(3)
      answers[0]?.(1_000)
      await clock.advance(3_000)
      expect(tasks.status.get().name).toBe('live')
      expect(target.sum).toBe(truth.sum)
    }
  })

  it('aborts its fetch and receives no more events once it is released', async () => {
    const { clock, channels, server, add, target } = synced()
    let signal: AbortSignal | undefined
    const tasks = started(
      sync(channels, 'sum', {
        load: (given) => {
          signal = given
          return new Promise(() => {})
        },
        into: target,
      }),
    )
    await clock.advance(100)
    tasks()
    tasks.dispose()
    add(1)
    await clock.advance(1_000)
    expect(signal?.aborted).toBe(true)
    expect([target.resets, server.subscribed.size, channels.size]).toEqual([0, 0, 0])
  })

  it('fetches again rather than exceed its buffer', async () => {
    const { clock, channels, add, truth, target, load } = synced()
    started(sync(channels, 'sum', { load: load(40, 40), into: target, buffer: 5 }))
    await clock.advance(50)
    for (let n = 0; n < 20; n++) add(1)
    await clock.advance(1_000)
    expect([target.sum, target.resets]).toEqual([truth.sum, 1])
  })

  it('reports a refusal of the channel', async () => {
    const { clock, client } = scripted({ refuse: () => 'forbidden' })
    const errors: unknown[] = []
    const tasks = started(
      sync(new ChannelSubscriber(client), 'sum', {
        load: async () => ({ state: 0 }),
        into: synced().target,
        onError: (error) => errors.push(error),
      }),
    )
    await clock.advance(100)
    expect(tasks.status.get()).toMatchObject({ name: 'refused' })
    expect(errors).toMatchObject([{ code: 'forbidden' }])
  })

  describe('that is not in use', () => {
    it('opens no connection, and is idle', async () => {
      const { clock, channels, client, server, target, load } = synced()
      const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
      expect(() => sync(channels, '', { load: load(1, 1), into: target })).toThrow('not a valid')
      await clock.advance(60_000)
      expect(tasks.status.get()).toEqual({ name: 'idle' })
      expect(client.state.get()).toEqual({ name: 'idle' })
      expect([server.transport.ends.length, target.resets, clock.timers]).toEqual([0, 0, 0])
    })

    it('opens no connection if it is started and stopped in one task', async () => {
      const { clock, channels, client, target, load } = synced()
      const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
      tasks.status.subscribe(() => {})()
      tasks.start()()
      await clock.advance(1_000)
      expect(client.state.get().name).toBe('idle')
    })
  })

  it.each([
    ['its status has a listener', (tasks: ChannelSync) => tasks.status.listen(() => {})],
    ['it is started', (tasks: ChannelSync) => tasks.start()],
  ])('runs while %s, and starts anew later', async (_, follow) => {
    const { clock, channels, server, add, target, load } = synced()
    const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
    const [one, other] = [follow(tasks), follow(tasks)]
    await clock.advance(100)
    add(1)
    one()
    one()
    await clock.advance(1_000)
    add(1)
    await clock.advance(100)
    expect([target.sum, target.resets]).toEqual([2, 1])
    other()
    await clock.advance(1_000)
    expect([tasks.status.get().name, server.subscribed.size]).toEqual(['idle', 0])
    add(1)
    await clock.advance(1_000)
    expect(target.sum).toBe(2)
    follow(tasks)
    await clock.advance(100)
    expect([target.sum, target.resets, tasks.status.get().name]).toEqual([3, 2, 'live'])
  })

  it('does not fetch again if a view is closed and opened within the linger time', async () => {
    const { clock, channels, server, add, target, load } = synced()
    const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
    const stop = tasks.start()
    await clock.advance(100)
    stop()
    await clock.advance(200)
    add(4)
    tasks.start()
    await clock.advance(1_000)
    expect([target.sum, target.resets, server.count('subscribe')]).toEqual([4, 1, 1])
  })

  it('is started by `ready`, which resolves once the state is fetched, and stops afterwards', async () => {
    const { clock, channels, add, target, load } = synced()
    add(3)
    const tasks = sync(channels, 'sum', { load: load(50, 50), into: target })
    const ready = outcomeOf(tasks.ready)
    await clock.advance(100)
    expect(ready).toEqual({})
    await clock.advance(50)
    expect(ready).toHaveProperty('value')
    expect([target.sum, tasks.status.get().name]).toEqual([3, 'live'])
    await clock.advance(1_000)
    expect(tasks.status.get().name).toBe('idle')
  })

  it('continues after `ready` if it is started then', async () => {
    const { clock, channels, target, load } = synced()
    const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
    const stop = tasks.ready.then(() => tasks.start())
    await clock.advance(5_000)
    expect([target.resets, tasks.status.get().name]).toEqual([1, 'live'])
    ;(await stop)()
  })

  it('rejects `ready` if the channel is refused, the client is closed, or it is released', async () => {
    const refusing = scripted({ refuse: () => 'forbidden' })
    const pending = { load: () => new Promise<never>(() => {}), into: synced().target }
    const reported: unknown[] = []
    const onError = (error: unknown) => reported.push(error)
    const channels = new ChannelSubscriber(refusing.client)
    const refused = outcomeOf(sync(channels, 'sum', { ...pending, onError }).ready)
    await refusing.clock.advance(100)
    expect(refused.error).toMatchObject({ code: 'forbidden' })
    expect(reported).toEqual([])

    const other = synced()
    const tasks = sync(other.channels, 'sum', pending)
    const closed = outcomeOf(tasks.ready)
    await other.clock.advance(100)
    other.client.close()
    await other.clock.advance(0)
    expect(closed.error).toMatchObject({ code: 'closed' })
    const before = outcomeOf(tasks.ready)
    tasks()
    const after = outcomeOf(tasks.ready)
    await other.clock.advance(0)
    expect([before.error, after.error]).toMatchObject([{ code: 'aborted' }, { code: 'aborted' }])
  })

  it('leaves no timer when the client is closed', async () => {
    const { clock, channels, client, target, load } = synced()
    const tasks = sync(channels, 'sum', { load: load(1, 1), into: target })
    const stop = tasks.start()
    await clock.advance(100)
    stop()
    client.close()
    await clock.advance(10)
    expect([clock.timers, tasks.status.get().name]).toEqual([0, 'idle'])
  })

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 4, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 60 }) }) },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
    { weight: 1, arbitrary: fc.constant('lose' as const) },
    { weight: 2, arbitrary: fc.constant('refetch' as const) },
  )

  test.prop(
    [
      fc.array(step, { maxLength: 50 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 30 }),
    ],
    { numRuns: 500 },
  )(
    'ends with the state of the server, whenever it fetches',
    async (steps, before, after, latency) => {
      const { clock, channels, server, add, truth, target, load, lose, client } = synced(latency)
      const tasks = started(sync(channels, 'sum', { load: load(before, after), into: target }))
      let epochs = 1
      for (const what of steps) {
        if (what === 'refetch') tasks.refetch()
        else if (what === 'drop' || what === 'lose') {
          if (server.transport.ends.length === 0) continue
          if (what === 'drop') server.drop()
          else lose(`e${++epochs}`)
        } else if ('add' in what) add(what.add)
        else await clock.advance(what.pass)
      }
      await clock.advance(60_000)
      expect(tasks.status.get()).toEqual({ name: 'live' })
      expect(target.sum).toBe(truth.sum)
      client.close()
    },
  )
})
