import { describe, expect, it } from 'vitest'
import {
  bindList,
  bindRecord,
  ChannelSubscriber,
  ContextRegistry,
  createStore,
  OptimisticManager,
  PresenceManager,
  storeFactory,
} from 'wirefold'
import { scripted } from '../support/scripted.ts'

/** The members of `Readable` and `Writable`. */
const DOCUMENTED = ['get', 'initial', 'listen', 'set', 'subscribe']

/** Returns the enumerable own members of an object, symbols included, that a store has not by its type. */
const undocumented = (store: object) =>
  Reflect.ownKeys(store).filter(
    (key) =>
      Object.prototype.propertyIsEnumerable.call(store, key) && !DOCUMENTED.includes(String(key)),
  )

interface Order {
  readonly kind: 'Order'
  readonly id: string
}

/** Every kind of store that the package gives out, once its value was set. */
async function stores() {
  const { clock, client } = scripted()
  const channels = new ChannelSubscriber(client)
  const presence = new PresenceManager(channels)
  const optimistic = new OptimisticManager({ client, channels })
  const contexts = new ContextRegistry<Order>()
    .keyed('Order', ({ id }) => id, { order: 'offset', maxEntries: 2 })
    .derived(
      'last',
      'Order',
      ({ id }) => id,
      ({ id }) => id,
    )
  const orders = ['1', '2'].map((id) => contexts.entity('Order', id))
  for (const [offset, id] of ['1', '2', '1'].entries())
    contexts.dispatch({ kind: 'Order', id }, { offset })
  const subscription = channels.subscribe('room', () => {})
  const list = bindList(channels, 'entity:Task', { load: async () => ({ state: [{ id: 'a' }] }) })
  const record = bindRecord(channels, 'entity:Task:a', {
    load: async () => ({ state: { id: 'a' } }),
  })
  list.start()
  record.start()
  const handle = presence.enter('doc', { name: 'Ana' })
  await clock.advance(100)
  const { keys, state } = contexts.slot('Order')
  const [order, another] = orders
  if (!order || !another) throw new TypeError('There are no orders.')
  const kinds = {
    ...{ order, another, keys, state, unknown: contexts.unknown },
    derived: contexts.entity('last', '1'),
    connection: client.state,
    requests: client.pending,
    channel: subscription.status,
    ...{ rows: list.state, status: list.status, fields: record.state },
    view: optimistic.view(list),
    unconfirmed: optimistic.pending,
    ...{ users: presence.of('doc'), all: presence.members },
    single: createStore(1),
    made: storeFactory().create(1).store,
  }
  return { kinds, order, list, record, handle }
}

describe('what the package gives out', () => {
  it('shows the members of its type only, where it is a store', async () => {
    const { kinds } = await stores()
    for (const [kind, store] of Object.entries(kinds)) {
      expect([kind, undocumented(store), JSON.stringify(store)]).toEqual([kind, [], '{}'])
    }
  })

  it('shows the members of its type only, where it is a bound state or a presence', async () => {
    const { list, record, handle } = await stores()
    const bound = ['state', 'store', 'status', 'start', 'refetch', 'ready', 'source']
    expect([list, record, handle].map(Object.keys)).toEqual([
      bound,
      bound,
      ['resource', 'ready', 'update'],
    ])
  })

  it('clones the store of an entity alone, however many entities its slot has', async () => {
    const { order } = await stores()
    expect(structuredClone(order)).toEqual({})
  })
})
