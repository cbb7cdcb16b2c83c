import { type Signal, signal } from '@preact/signals-core'
import { get as getOf, writable } from 'svelte/store'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { ref } from 'vue'
import type { BoundList, Readable, StoreKind } from 'wirefold'
import { bindList, bindRecord, ChannelSubscriber, createStore, OptimisticManager } from 'wirefold'
import { valueSignals } from 'wirefold/signals'
import { type SvelteReadable, svelteStores } from 'wirefold/svelte'
import type { Fields } from '../../src/protocol/fields.ts'
import { scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'

interface Task {
  readonly id: string
  readonly title: string
  readonly done?: boolean
}

const TASKS = 'entity:Task'
const task = (id: string, title = id): Task => ({ id, title })
const wrapped = (id: string, data: unknown) => ({ id, entityName: 'Task', data, userId: 'u' })

function bound() {
  const parts = scripted()
  const channels = new ChannelSubscriber(parts.client)
  let rows: readonly Task[] = [task('a'), task('b')]
  const load = async () => ({ state: rows })
  const { server, clock } = parts
  const publish = async (type: string, payload: unknown) => {
    server.publish(TASKS, type, payload)
    await clock.advance(1)
  }
  return {
    ...parts,
    channels,
    load,
    publish,
    has(now: readonly Task[]) {
      rows = now
    },
  }
}

interface Bound {
  readonly list: BoundList<Task, SvelteReadable<readonly Task[]>>
  readonly optimistic: OptimisticManager
}

const ids = (list: { readonly state: Readable<readonly Task[]> }) =>
  list.state
    .get()
    .map(({ id }) => id)
    .join('')

describe('a bound list', () => {
  it('contains the fetched rows, and applies created, updated and deleted events', async () => {
    const { clock, channels, load, publish } = bound()
    const tasks = started(bindList(channels, TASKS, { load }))
    expectTypeOf(tasks.state).toEqualTypeOf<Readable<readonly Task[]>>()
    expect(tasks.state.get()).toEqual([])
    await clock.advance(1)
    expect(ids(tasks)).toBe('ab')
    expect(tasks.status.get().name).toBe('live')
    await publish('entity:created', task('c'))
    await publish('entity:updated', task('a', 'A'))
    await publish('entity:deleted', task('b'))
    expect(tasks.state.get()).toEqual([task('a', 'A'), task('c')])
  })

  it('reads both payload shapes, and deletes by the id alone', async () => {
    const { clock, channels, load, publish } = bound()
    const tasks = started(bindList(channels, TASKS, { load }))
    await clock.advance(1)
    await publish('entity:created', wrapped('c', task('c')))
    await publish('entity:updated', wrapped('a', task('a', 'A')))
    await publish('entity:deleted', wrapped('b', null))
    await publish('entity:deleted', { id: 'c' })
    expect(tasks.state.get()).toEqual([task('a', 'A')])
  })

  it('adds an unknown updated row with `upsert`, and keeps an existing row that is created again', async () => {
    const { clock, channels, load, publish } = bound()
    const tasks = started(bindList(channels, TASKS, { load, upsert: true }))
    await clock.advance(1)
    await publish('entity:updated', task('c', 'C'))
    await publish('entity:created', task('c', 'as it was once'))
    expect(tasks.state.get()).toEqual([task('a'), task('b'), task('c', 'C')])
  })

  it('leaves out rows that the filter rejects, including rows that matched before', async () => {
    const { clock, channels, load, publish, has } = bound()
    has([task('a'), { ...task('b'), done: true }])
    const tasks = started(bindList(channels, TASKS, { load, filter: ({ done }) => !done }))
    await clock.advance(1)
    expect(ids(tasks)).toBe('a')
    await publish('entity:created', { ...task('c'), done: true })
    await publish('entity:updated', { ...task('a'), done: true })
    expect(ids(tasks)).toBe('')
    await publish('entity:updated', { ...task('c'), done: false })
    expect(ids(tasks)).toBe('c')
  })

  it('is sorted after every event', async () => {
    const { clock, channels, load, publish } = bound()
    const order = (left: Task, right: Task) => left.title.localeCompare(right.title)
    const tasks = started(bindList(channels, TASKS, { load, order }))
    await clock.advance(1)
    await publish('entity:created', task('z', 'aa'))
    await publish('entity:updated', task('a', 'x'))
    expect(ids(tasks)).toBe('zba')
  })

  it('contains one row per key, including custom keys', async () => {
    const { clock, channels, publish } = bound()
    type Named = { readonly name: string; readonly size: number }
    const named: readonly Named[] = [
      { name: 'x', size: 1 },
      { name: 'y', size: 1 },
      { name: 'x', size: 2 },
    ]
    const load = async () => ({ state: named })
    const list = started(bindList(channels, TASKS, { load, key: ({ name }) => name }))
    await clock.advance(1)
    expect(list.state.get()).toEqual([named[2], named[1]])
    await publish('entity:updated', { name: 'y', size: 9 })
    await publish('entity:deleted', wrapped('x', null))
    expect(list.state.get()).toEqual([{ name: 'y', size: 9 }])
  })

  it('notifies no listener of an event that changes nothing', async () => {
    const { clock, channels, load, publish } = bound()
    const tasks = started(bindList(channels, TASKS, { load }))
    await clock.advance(1)
    let changes = 0
    tasks.state.listen(() => changes++)
    await publish('entity:deleted', { id: 'zz' })
    await publish('entity:created', task('a'))
    await publish('entity:renamed', task('a', 'A'))
    expect(changes).toBe(0)
  })

  it('stops when it is released, and by its signal', async () => {
    const { clock, channels, load, publish } = bound()
    const ending = new AbortController()
    const one = started(bindList(channels, TASKS, { load }))
    const other = started(bindList(channels, TASKS, { load, signal: ending.signal }))
    await clock.advance(1)
    one()
    ending.abort()
    await publish('entity:created', task('c'))
    for (const list of [one, other]) {
      list.source.confirm((rows) => [...rows, task('d')])
      expect(ids(list)).toBe('ab')
    }
    expect(channels.follows(TASKS)).toBe(false)
  })

  it('is fetched again after a gap', async () => {
    const { clock, channels, load, publish, server, has } = bound()
    const tasks = started(bindList(channels, TASKS, { load }))
    await clock.advance(1)
    await publish('entity:created', task('c'))
    has([task('x')])
    server.drop()
    server.forget('e2')
    await clock.advance(3_000)
    expect(ids(tasks)).toBe('x')
    await publish('entity:created', task('y'))
    expect(ids(tasks)).toBe('xy')
  })

  it('reports exceptions of filter, order and key, and continues', async () => {
    const { clock, channels, load, publish, errors } = bound()
    const reported: unknown[] = []
    const tasks = started(
      bindList(channels, TASKS, {
        load,
        key: (row) => {
          if (row.title === 'bad') throw new Error('key')
          return row.id
        },
        filter: ({ title }) => {
          if (title === 'worse') throw new Error('filter')
          return true
        },
        onError: (error) => reported.push(error),
      }),
    )
    await clock.advance(1)
    await publish('entity:created', task('c', 'bad'))
    await publish('entity:created', task('d'))
    expect(ids(tasks)).toBe('abd')
    await publish('entity:created', task('e', 'worse'))
    expect(ids(tasks)).toBe('abde')
    expect(reported).toEqual([new Error('key'), new Error('filter')])
    expect(errors).toEqual([])
  })

  it.each([
    null,
    7,
    'text',
    [],
    {},
    { id: null },
    { id: {} },
    { entityName: 'Task', data: null },
    { id: 'a', entityName: 'Task', data: 7 },
    { id: [], entityName: 'Task', data: [] },
    { id: '__proto__', entityName: 'Task', data: { id: ['a'] } },
  ])('ignores a payload of %j', async (payload) => {
    const { clock, channels, load, publish, errors } = bound()
    const tasks = started(bindList(channels, TASKS, { load }))
    await clock.advance(1)
    for (const kind of ['created', 'updated']) await publish(`entity:${kind}`, payload)
    expect(ids(tasks)).toBe('ab')
    await publish('entity:created', task('c'))
    expect(ids(tasks)).toBe('abc')
    expect(errors).toEqual([])
  })

  it('writes to any kind of store', async () => {
    interface PreactKind extends StoreKind {
      readonly store: Signal<this['value']>
    }
    const { clock, channels, load, publish } = bound()
    const svelte = started(bindList(channels, TASKS, { load, into: svelteStores(writable) }))
    const preact = started(
      bindList(channels, TASKS, { load, into: valueSignals<PreactKind>(signal) }),
    )
    expectTypeOf(preact.store).toEqualTypeOf<Signal<readonly Task[]>>()
    const own = createStore<readonly Task[]>([task('cached')])
    const cell = started(bindList(channels, TASKS, { load, into: own }))
    expect(ids(cell)).toBe('cached')
    await clock.advance(1)
    await publish('entity:created', task('c'))
    const expected = [task('a'), task('b'), task('c')]
    expect(getOf(svelte.store)).toEqual(expected)
    expect(preact.store.value).toEqual(expected)
    expect(own.get()).toEqual(expected)
    expect(cell.state.get()).toEqual(expected)
  })

  it('sets a signal, a ref or a writable of the application, as it is', async () => {
    const { clock, channels, load, publish } = bound()
    const preact = signal<readonly Task[]>([task('cached')])
    const vue = ref<readonly Task[]>([task('cached')])
    const svelte = writable<readonly Task[]>([task('cached')])
    const lists = [preact, vue, svelte].map((into) =>
      started(bindList(channels, TASKS, { load, into })),
    )
    expect(lists.map(ids)).toEqual(['cached', 'cached', 'cached'])
    await clock.advance(1)
    await publish('entity:created', task('c'))
    const expected = [task('a'), task('b'), task('c')]
    expect([preact.value, vue.value, getOf(svelte)]).toEqual([expected, expected, expected])
  })
})

describe('a bound list or record that is not in use', () => {
  it('opens no connection, and has its initial value', async () => {
    const { clock, channels, client, load } = bound()
    const own = createStore<readonly Task[]>([task('cached')])
    const lists = [
      bindList(channels, TASKS, { load }),
      bindList(channels, TASKS, { load, into: svelteStores(writable) }),
      bindList(channels, TASKS, { load, into: own }),
      bindRecord(channels, TASKS, { load: async () => ({ state: task('a') }) }),
    ]
    const optimistic = new OptimisticManager({ client, channels })
    for (const one of lists) optimistic.view<unknown>(one)
    await clock.advance(60_000)
    expect(lists.map(({ status }) => status.get().name)).toEqual(Array(4).fill('idle'))
    expect(lists.map(({ state }) => state.get())).toEqual([[], [], [task('cached')], undefined])
    expect([client.state.get().name, channels.size, clock.timers]).toEqual(['idle', 0, 0])
  })

  it.each<[string, (parts: Bound) => () => void]>([
    ['its state', ({ list }) => list.state.listen(() => {})],
    ['its status', ({ list }) => list.status.listen(() => {})],
    ['its Svelte store', ({ list }) => list.store.subscribe(() => {})],
    ['a view of it', ({ list, optimistic }) => optimistic.view(list).subscribe(() => {})],
  ])('starts with the first listener of %s, and stops with the last', async (_, follow) => {
    const { clock, channels, client, load, publish } = bound()
    const list = bindList(channels, TASKS, { load, into: svelteStores(writable) })
    const optimistic = new OptimisticManager({ client, channels })
    const leave = follow({ list, optimistic })
    await clock.advance(1)
    expect(ids(list)).toBe('ab')
    leave()
    await clock.advance(1_000)
    expect([list.status.get().name, channels.size]).toEqual(['idle', 0])
    await publish('entity:created', task('c'))
    expect([ids(list), list.source.position]).toEqual(['ab', undefined])
  })

  it('resolves `ready` once its state is fetched, for any store', async () => {
    const { clock, channels, load } = bound()
    const list = bindList(channels, TASKS, { load, into: svelteStores(writable) })
    const rows = list.ready.then(() => getOf(list.store))
    await clock.advance(1)
    expect(await rows).toEqual([task('a'), task('b')])
  })
})

describe('a bound record', () => {
  it('contains the fetched row, and applies the events of its channel', async () => {
    const { clock, channels, publish } = bound()
    const load = async () => ({ state: task('a') })
    const record = started(bindRecord(channels, TASKS, { load, id: 'a' }))
    expectTypeOf(record.state).toEqualTypeOf<Readable<Task | undefined>>()
    const seen: unknown[] = []
    record.state.subscribe((row) => seen.push(row?.title))
    await clock.advance(1)
    await publish('entity:updated', task('b'))
    await publish('entity:updated', wrapped('a', task('a', 'A')))
    await publish('entity:created', task('a', 'as it was once'))
    await publish('entity:deleted', wrapped('a', null))
    await publish('entity:created', task('a', 'anew'))
    expect(seen).toEqual([undefined, 'a', 'A', undefined, 'anew'])
    record()
    await publish('entity:updated', task('a', 'late'))
    expect(record.state.get()?.title).toBe('anew')
  })
})

describe('the recorded session of a backend', () => {
  const [first, second] = [0, 1].map((n) => `550e8400-e29b-41d4-a716-44665544000${n}`)
  const created_at = '2024-11-28T10:00:00Z'
  const docs = { id: second, title: 'Write docs', status: 'doing', created_at }
  const by = { entityName: 'Task', userId: 'u-jon' }
  const file = { id: 'f1', entityName: 'File', data: { id: 'f1' }, userId: 'u-ines' }
  const news = { id: first, title: 'New task', status: 'open', created_at }
  /** Recorded entity events, and the expected rows after each. */
  const lines: [type: string, channel: string, payload: Fields, expected: Fields[]][] = [
    ['entity:created', TASKS, news, [news]],
    ['entity:updated', TASKS, { ...by, id: second, data: docs }, [news, docs]],
    ['entity:deleted', TASKS, { ...by, id: first, data: null }, [docs]],
    ['entity:file_uploaded', 'user:u-ines', file, [docs]],
  ]

  it('results in the recorded rows', async () => {
    const { clock, channels, server } = bound()
    const list = started(
      bindList(channels, TASKS, { load: async () => ({ state: [] as Fields[] }), upsert: true }),
    )
    await clock.advance(1)
    for (const [type, channel, payload, expected] of lines) {
      server.send({ type, channel, payload, timestamp: 1701234568261.25 })
      await clock.advance(1)
      expect(list.state.get()).toEqual(expected)
    }
  })
})
