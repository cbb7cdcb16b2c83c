import type { Signal } from '@preact/signals-core'
import type { EnhancedStore } from '@reduxjs/toolkit'
import type { Collection } from '@tanstack/db'
import type { Atom, createStore } from 'jotai/vanilla'
import type { ReadableAtom } from 'nanostores'
import type { Store } from 'pinia'
import { createElement, type FunctionComponent } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type ComputedRef, effectScope, watch } from 'vue'
import type { StoreFactory, StoreKind } from 'wirefold'
import { bindList, ChannelSubscriber, ContextRegistry } from 'wirefold'
import type { EntityEvents } from 'wirefold/server'
import { broadcastEntities, EventBus, realtimeRepository, refuse } from 'wirefold/server'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import type { StoreApi } from 'zustand/vanilla'
import { exposeGarbageCollector } from '../adapters/garbage.ts'
import { connect, serve, until } from '../support/live.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/stores.md'

interface ZustandKind extends StoreKind {
  readonly store: StoreApi<this['value']>
}
interface NanoKind extends StoreKind {
  readonly store: ReadableAtom<this['value']>
}
interface JotaiKind extends StoreKind {
  readonly store: Atom<this['value']>
}
interface ReduxKind extends StoreKind {
  readonly store: (state: unknown) => this['value']
}
interface PiniaKind extends StoreKind {
  readonly store: ComputedRef<this['value']>
}

/** Returns what the only block of the page that contains `text` declares. */
const declared = <Made extends object>(text: string) => run<Made>(blockWith(PAGE, text))

/** Runs the recipes of the page; each makes stores in the way of its library. */
const recipes: Readonly<Record<string, () => Promise<MakeStore>>> = {
  async Zustand() {
    const { zustandStores } = await declared<{ zustandStores: StoreFactory<ZustandKind> }>(
      'zustandStores',
    )
    return (initial) => {
      const { store, set } = zustandStores.create(initial)
      return {
        set,
        get: () => store.getState(),
        follow: (follower) => store.subscribe((state) => follower(state)),
      }
    }
  },
  async 'Nano Stores'() {
    const { nanoStores } = await declared<{ nanoStores: StoreFactory<NanoKind> }>('nanoStores')
    return (initial) => {
      const { store, set } = nanoStores.create(initial)
      return {
        set,
        get: () => store.get(),
        follow: (follower) => store.listen((value) => follower(value as typeof initial)),
      }
    }
  },
  async Jotai() {
    const { jotaiAtoms, jotaiStore } = await declared<{
      jotaiAtoms: StoreFactory<JotaiKind>
      jotaiStore: ReturnType<typeof createStore>
    }>('jotaiAtoms')
    return (initial) => {
      const { store, set } = jotaiAtoms.create(initial)
      const get = () => jotaiStore.get(store)
      return { set, get, follow: (follower) => jotaiStore.sub(store, () => follower(get())) }
    }
  },
  async 'Redux Toolkit'() {
    const { reduxSelectors, store: redux } = await declared<{
      reduxSelectors: StoreFactory<ReduxKind>
      store: EnhancedStore
    }>('reduxSelectors')
    return (initial) => {
      const { store: select, set } = reduxSelectors.create(initial)
      const get = () => select(redux.getState())
      return {
        set,
        get,
        follow(follower) {
          let last = get()
          return redux.subscribe(() => {
            const now = get()
            if (Object.is(last, now)) return
            last = now
            follower(now)
          })
        },
      }
    }
  },
  async Pinia() {
    const { piniaStores } = await declared<{ piniaStores: StoreFactory<PiniaKind> }>('piniaStores')
    return (initial) => {
      const { store, set } = piniaStores.create(initial)
      return {
        set,
        get: () => store.value,
        follow(follower) {
          const scope = effectScope(true)
          scope.run(() => watch(store, (value) => follower(value), { flush: 'sync' }))
          return () => scope.stop()
        },
      }
    }
  },
}

beforeAll(exposeGarbageCollector)

describe.each(Object.entries(recipes))('the recipe for %s', (_, recipe) => {
  for (const { name, run: hold } of storeSuite) it(name, async () => hold(await recipe()))
})

describe('the recipes', () => {
  it.each([
    ['zustandStores', (store: StoreApi<unknown>) => store.getState()],
    ['nanoStores', (store: ReadableAtom<unknown>) => store.get()],
    [
      'jotaiAtoms',
      (store: Atom<unknown>, { jotaiStore }: { jotaiStore: ReturnType<typeof createStore> }) =>
        jotaiStore.get(store),
    ],
    [
      'reduxSelectors',
      (select: (state: unknown) => unknown, { store }: { store: { getState(): unknown } }) =>
        select(store.getState()),
    ],
    ['piniaStores', (store: ComputedRef<unknown>) => store.value],
  ] as [string, (store: never, made: never) => unknown][])(
    'show an entity of a registry: %s',
    async (text, get) => {
      const made = await declared<{ contexts: { dispatch(context: object): void }; order: never }>(
        text,
      )
      expect(get(made.order, made as never)).toBeUndefined()
      const paid = { kind: 'Order', id: '17', status: 'paid' }
      made.contexts.dispatch(paid)
      expect(get(made.order, made as never)).toEqual(paid)
    },
  )

  it('show the entities in the state of Pinia', async () => {
    const { piniaStores, entities } = await declared<{
      piniaStores: StoreFactory<PiniaKind>
      entities: Store<'entities', { all: Record<string, unknown> }>
    }>('piniaStores')
    piniaStores.create('new').set('paid')
    expect(Object.values(entities.$state.all)).toContain('paid')
  })

  it('start and stop a bound list with the followers of an atom, where the library notices them', async () => {
    const { clock, client } = scripted()
    const channels = new ChannelSubscriber(client)
    const { jotaiAtoms, jotaiStore } = await declared<{
      jotaiAtoms: StoreFactory<JotaiKind>
      jotaiStore: ReturnType<typeof createStore>
    }>('jotaiAtoms')
    const load = async () => ({ state: [{ id: 'a' }] })
    const list = bindList(channels, 'entity:Task', { load, into: jotaiAtoms })
    expect(channels.size).toBe(0)
    const leave = jotaiStore.sub(list.store, () => {})
    await clock.advance(100)
    expect(jotaiStore.get(list.store)).toEqual([{ id: 'a' }])
    leave()
    await clock.advance(1_000)
    expect([list.status.get().name, channels.size]).toEqual(['idle', 0])
  })
})

interface Task {
  readonly id: string
  readonly title: string
}

/** A server of tasks, and a client of it. */
async function taskServer() {
  const { server, url } = await serve()
  const bus = new EventBus<EntityEvents>()
  const rows = new Map([['1', { id: '1', title: 'Write' }]])
  const repository = {
    create({ title, id = String(rows.size + 1) }: Partial<Task> & Pick<Task, 'title'>) {
      if (title === 'no') throw refuse('no-room', 'There is no room.')
      rows.set(id, { id, title })
      return { id, title }
    },
    update(id: string, changes: Partial<Task>) {
      const row = { ...rows.get(id), ...changes, id } as Task
      rows.set(id, row)
      return row
    },
    delete: (id: string) => rows.delete(id),
  }
  const tasks = realtimeRepository(repository, bus, { entityName: 'Task' })
  broadcastEntities(bus, server)
  server.handle('task:list', () => [...rows.values()])
  server.handle('task:create', (row: Task) => tasks.create(row))
  server.handle('task:update', ({ id, changes }: { id: string; changes: Partial<Task> }) =>
    tasks.update(id, changes),
  )
  server.handle('task:delete', ({ id }: { id: string }) => tasks.delete(id))
  const { client, errors } = connect(url)
  return { server, client, errors, tasks, rows, channels: new ChannelSubscriber(client) }
}

it('the page shows a collection of TanStack DB that follows a channel, and changes the server', async () => {
  const { client, channels, tasks: repository, rows, errors } = await taskServer()
  const { tasks } = await run<{ tasks: Collection<Task, string> }>(
    blockWith(PAGE, 'createCollection('),
    { given: { client, channels } },
  )
  const shown = () => tasks.toArray.map(({ id, title }) => ({ id, title }))
  await tasks.preload()
  expect(shown()).toEqual([{ id: '1', title: 'Write' }])
  const seen: string[][] = []
  const changes = tasks.subscribeChanges(() => seen.push(shown().map(({ title }) => title)))
  onTestFinished(() => changes.unsubscribe())

  await repository.create({ id: '2', title: 'Read' })
  await repository.update('1', { title: 'Wrote' })
  await until(() => expect(shown().map(({ title }) => title)).toEqual(['Wrote', 'Read']))
  await repository.delete('1')
  await until(() => expect(shown()).toEqual([{ id: '2', title: 'Read' }]))

  seen.length = 0
  const inserted = tasks.insert({ id: '3', title: 'Run' })
  expect(shown()).toHaveLength(2)
  await inserted.isPersisted.promise
  expect(rows.get('3')).toEqual({ id: '3', title: 'Run' })
  // The row stays from the insert on: the answer of the server does not remove it before its event.
  expect(shown()).toHaveLength(2)
  expect(seen).toEqual(seen.map(() => ['Read', 'Run']))
  await tasks.update('3', (draft) => {
    Object.assign(draft, { title: 'Ran' })
  }).isPersisted.promise
  await until(() => expect(shown().map(({ title }) => title)).toEqual(['Read', 'Ran']))
  await tasks.delete('2').isPersisted.promise
  await until(() => expect([...rows.keys()]).toEqual(['3']))
  const refused = tasks.insert({ id: '4', title: 'no' })
  await expect(refused.isPersisted.promise).rejects.toMatchObject({ code: 'no-room' })
  await until(() => expect(shown()).toEqual([{ id: '3', title: 'Ran' }]))
  await tasks.cleanup()
  await until(() => expect(channels.size).toBe(0))
  await tasks.preload()
  expect(shown()).toEqual([{ id: '3', title: 'Ran' }])
  await tasks.cleanup()
  expect(errors).toEqual([])
})

it('the collection keeps a new row from the answer of the server until its event', async () => {
  const requests: unknown[] = []
  const { clock, client, server } = scripted({
    answer(type, _, { requestId }) {
      if (type === 'task:list') return []
      requests.push(requestId)
      return undefined
    },
  })
  const { tasks } = await run<{ tasks: Collection<Task, string> }>(
    blockWith(PAGE, 'createCollection('),
    { given: { client, channels: new ChannelSubscriber(client) } },
  )
  void tasks.preload()
  await clock.advance(100)
  const { isPersisted } = tasks.insert({ id: '1', title: 'Write' })
  const persisted = outcomeOf(isPersisted.promise)
  await clock.advance(100)
  const at = [{ channel: 'entity:Task', epoch: server.epoch, offset: 1 }]
  server.send({ type: 'reply', requestId: requests[0], payload: null, at })
  await clock.advance(100)
  expect([tasks.size, 'value' in persisted]).toEqual([1, false])
  server.publish('entity:Task', 'entity:created', { id: '1', title: 'Write' })
  await clock.advance(100)
  expect([tasks.size, 'value' in persisted]).toEqual([1, true])
  await tasks.cleanup()
  client.close()
})

it('the page shows an OptimisticManager on a Preact signal', async () => {
  const { client, errors } = await taskServer()
  const { tasks } = await run<{ tasks: Signal<readonly Task[]> }>(
    blockWith(PAGE, 'new OptimisticManager('),
    { given: { client } },
  )
  expect(tasks.value).toMatchObject([{ title: 'Write' }])
  expect(errors).toEqual([])
})

describe('the stores of a registry', () => {
  const paid = { kind: 'Order', id: '17', status: 'paid' } as const
  interface Orders<Store> {
    dispatch(context: typeof paid): void
    entity(kind: 'Order', id: string): Store
  }

  it('are Preact signals, as documented', async () => {
    const { contexts } = await declared<{ contexts: Orders<Signal<unknown>> }>(
      'storedIn(valueSignals',
    )
    contexts.dispatch(paid)
    expect(contexts.entity('Order', '17').value).toEqual(paid)
  })

  it('are read by a React component, as documented', async () => {
    const contexts = new ContextRegistry<typeof paid>().keyed('Order', (order) => order.id)
    const { OrderStatus } = await run<{ OrderStatus: FunctionComponent<{ id: string }> }>(
      blockWith(PAGE, 'function OrderStatus'),
      { given: { contexts } },
    )
    contexts.dispatch(paid)
    expect(renderToStaticMarkup(createElement(OrderStatus, { id: '17' }))).toBe('<b>paid</b>')
  })
})
