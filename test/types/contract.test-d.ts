import { describe, expectTypeOf, it } from 'vitest'
import type { ChannelScope, EventFrame, PresenceHandle, PresenceUser, Readable } from 'wirefold'
import {
  bindList,
  bindRecord,
  ChannelSubscriber,
  channelEvents,
  channelScope,
  feed,
  OptimisticManager,
  PresenceManager,
  RealtimeClient,
  type Subscriber,
  sync,
} from 'wirefold'
import type {
  ChannelName,
  Contract,
  EventOf,
  MetaIn,
  MetaOut,
  PayloadOf,
  Published,
  PublishedType,
  ReplyIn,
  ReplyOut,
  RequestIn,
  RequestName,
  RequestOut,
  Resource,
  TypeOf,
  Untyped,
} from 'wirefold/contract'
import { channel, contract, entityEvents, isOf, unchecked } from 'wirefold/contract'
import { z } from 'zod'

const Order = z.object({
  id: z.string(),
  at: z.string().transform((text) => new Date(text)),
})
const Till = z.object({ total: z.number() })
const Task = z.object({ id: z.string(), title: z.string(), done: z.boolean().default(false) })

const parts = contract({
  channels: {
    'shop:{id}': { order: Order, till: Till },
    news: { posted: z.object({ text: z.string() }), closed: z.undefined() },
    'entity:Task': entityEvents(Task),
    'entity:Task:{id}': entityEvents(Task),
    'entity:{name}': { 'entity:created': unchecked<{ id: string }>() },
    'doc:{id}:page/{page}': { page: z.object({ text: z.string() }) },
    'agent:{id}': { started: z.object({ agent: z.string() }) },
    'agent:{id}:log': { line: z.string() },
  },
  requests: {
    'order:cancel': { payload: z.object({ id: z.string(), at: z.string() }), reply: Order },
    'task:list': { reply: z.array(Task) },
    maybe: { payload: z.object({ a: z.number() }).optional() },
    log: { payload: z.string() },
  },
  presence: {
    'shop:{id}': z.object({ since: z.string().transform(Number) }),
    'workspace/{name}': z.object({ x: z.number() }).optional(),
  },
})
type Parts = typeof parts
interface Shop extends Parts {}
const shop: Shop = parts

interface Row {
  id: string
  title: string
  done: boolean
}
interface Instant {
  id: string
  at: Date
}

declare const client: RealtimeClient<Shop>
declare const channels: ChannelSubscriber<Shop>
declare const presence: PresenceManager<Shop>
declare const id: string
declare const anyName: string

describe('the type of a contract', () => {
  it('comes from the options of the client, and from there to all that it is given to', () => {
    const made = new RealtimeClient('ws://x', { contract: shop })
    expectTypeOf(made).toEqualTypeOf<RealtimeClient<Shop>>()
    expectTypeOf(new RealtimeClient<Shop>('ws://x')).toEqualTypeOf<RealtimeClient<Shop>>()
    const shared = new ChannelSubscriber(made)
    expectTypeOf(shared).toEqualTypeOf<ChannelSubscriber<Shop>>()
    expectTypeOf(new PresenceManager(shared)).toEqualTypeOf<PresenceManager<Shop>>()
    expectTypeOf(channelScope(shared)).toEqualTypeOf<ChannelScope<Shop>>()
    expectTypeOf(new OptimisticManager({ client: made })).toEqualTypeOf<OptimisticManager<Shop>>()
    expectTypeOf(shared).toExtend<Subscriber<Shop>>()
    expectTypeOf(shared).toExtend<Subscriber>()
  })

  it('is none where there is no contract', () => {
    const untyped = new RealtimeClient('ws://x')
    expectTypeOf(untyped).toEqualTypeOf<RealtimeClient>()
    expectTypeOf(untyped).toEqualTypeOf<RealtimeClient<Untyped>>()
    expectTypeOf(new RealtimeClient('ws://x', {})).toEqualTypeOf<RealtimeClient>()
    const shared = new ChannelSubscriber(untyped)
    expectTypeOf(shared).toEqualTypeOf<ChannelSubscriber>()
    expectTypeOf(new ChannelSubscriber({ port: untyped.port })).toEqualTypeOf<ChannelSubscriber>()
    expectTypeOf(new PresenceManager(shared)).toEqualTypeOf<PresenceManager>()
    expectTypeOf(new OptimisticManager()).toEqualTypeOf<OptimisticManager>()
    expectTypeOf(new OptimisticManager({ client: untyped })).toEqualTypeOf<OptimisticManager>()
  })

  it('is made by contract(), not by an object of parts alone', () => {
    // @ts-expect-error the parts are no contract
    new RealtimeClient('ws://x', { contract: { channels: {} } })
  })

  it('gives the names of its channels, requests and resources', () => {
    expectTypeOf<ChannelName<Shop>>().toEqualTypeOf<
      | `shop:${string}`
      | 'news'
      | 'entity:Task'
      | `entity:Task:${string}`
      | `entity:${string}`
      | `doc:${string}:page/${string}`
      | `agent:${string}`
      | `agent:${string}:log`
    >()
    expectTypeOf<RequestName<Shop>>().toEqualTypeOf<
      'order:cancel' | 'task:list' | 'maybe' | 'log'
    >()
    expectTypeOf<Resource<Shop>>().toEqualTypeOf<`shop:${string}` | `workspace/${string}`>()
    expectTypeOf<ChannelName<Untyped>>().toEqualTypeOf<string>()
    expectTypeOf<RequestName<Untyped>>().toEqualTypeOf<string>()
  })
})

describe('a subscription', () => {
  it('has the union of the channel’s payloads, told apart by the type of the event', () => {
    channels.subscribe('shop:42', (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<Instant | { total: number }>()
      expectTypeOf(event.type).toEqualTypeOf<'order' | 'till'>()
      if (event.type === 'order') expectTypeOf(event.payload).toEqualTypeOf<Instant>()
      // @ts-expect-error no event of the channel has this type
      if (event.type === 'ordr') return
    })
    channels.subscribe('shop:42', (_, { type, payload }) => {
      if (type === 'order') expectTypeOf(payload).toEqualTypeOf<Instant>()
      else expectTypeOf(payload).toEqualTypeOf<{ total: number }>()
    })
    channels.subscribe('news', (_, event) => {
      if (event.type === 'closed') expectTypeOf(event.payload).toEqualTypeOf<undefined>()
    })
  })

  it('takes a handler for each type', () => {
    channels.subscribe('shop:42', {
      order: (order, event) => {
        expectTypeOf(order).toEqualTypeOf<Instant>()
        expectTypeOf(event).toEqualTypeOf<EventFrame<'order', Instant>>()
      },
      till: (till) => expectTypeOf(till).toEqualTypeOf<{ total: number }>(),
    })
    channels.subscribe('shop:42', { till: async ({ total }) => total })
    // @ts-expect-error no event of the channel has this type
    channels.subscribe('shop:42', { ordr: () => {} })
  })

  it('takes every name that a template fits', () => {
    channels.subscribe(`shop:${id}`, (_, { type }) => {
      expectTypeOf(type).toEqualTypeOf<'order' | 'till'>()
    })
    channels.subscribe('doc:1:page/2', ({ text }) => text)
    channels.subscribe('doc:1:page/2/3', ({ text }) => text)
    channels.subscribe('agent:1:log', (line) => expectTypeOf(line).toEqualTypeOf<string>())
    channels.subscribe('agent:1', ({ agent }) => agent)
    channels.subscribe(channel(shop, 'shop:{id}', { id }), { till: ({ total }) => total })
    const either: 'shop:1' | 'news' = 'shop:1' as 'shop:1' | 'news'
    channels.subscribe(either, (_, { type }) => {
      expectTypeOf(type).toEqualTypeOf<'order' | 'till' | 'posted' | 'closed'>()
    })
  })

  it('refuses a name that no template fits', () => {
    // @ts-expect-error no such channel
    channels.subscribe('shp:42', () => {})
    // @ts-expect-error a parameter is not empty
    channels.subscribe('shop:', () => {})
    // @ts-expect-error a parameter holds no colon
    channels.subscribe('shop:1:2', () => {})
    // @ts-expect-error a template is no name
    channels.subscribe('shop:{id}', () => {})
    // @ts-expect-error no member of the family is listed
    channels.subscribe('news:*', () => {})
    const either = 'shop:1' as 'shop:1' | 'shp:2'
    // @ts-expect-error one of the two is not listed
    channels.subscribe(either, () => {})
    // @ts-expect-error the page is missing
    channels.subscribe('doc:1', () => {})
  })

  it('has the events of all members of a family', () => {
    channels.subscribe('agent:*', (_, event) => {
      expectTypeOf(event.type).toEqualTypeOf<'started' | 'line'>()
    })
  })

  it('has the events of the entry of a family for members without one', () => {
    const families = contract({
      channels: {
        'fam:*': { size: z.string().transform(Number) },
        'fam:{id}:log': { line: z.string() },
        'fam:x:*': { size: z.date() },
      },
    })
    type Families = typeof families
    const ofFamilies = {} as ChannelSubscriber<Families>
    ofFamilies.subscribe('fam:7', (size) => expectTypeOf(size).toEqualTypeOf<number>())
    // The id may begin with `x:`.
    ofFamilies.subscribe(`fam:${id}`, (size) => expectTypeOf(size).toEqualTypeOf<number | Date>())
    ofFamilies.subscribe('fam:x:7', (size) => expectTypeOf(size).toEqualTypeOf<Date>())
    ofFamilies.subscribe('fam:7:log', (line) => expectTypeOf(line).toEqualTypeOf<string>())
    ofFamilies.subscribe('fam:*', (any) =>
      expectTypeOf(any).toEqualTypeOf<number | string | Date>(),
    )
    const publishing = {} as RealtimeClient<Families>
    publishing.publish('fam:7', 'size', '5')
    // @ts-expect-error the type of the family, not of the member
    publishing.publish('fam:7:log', 'size', '5')
    // @ts-expect-error a member has a name
    ofFamilies.subscribe('fam:', () => {})
    // @ts-expect-error no family
    ofFamilies.subscribe('fam', () => {})
    expectTypeOf<ChannelName<Families>>().toEqualTypeOf<
      'fam:*' | 'fam:x:*' | `fam:${string}` | `fam:x:${string}` | `fam:${string}:log`
    >()
  })

  it('has the events of the template that counts, where two fit', () => {
    const two = contract({
      channels: {
        'shop:{id}': { order: z.number() },
        '{kind}:{id}': { note: z.string() },
        '{kind}:{id}:log': { line: z.string() },
        'shop:{id}:{part}': { piece: z.number() },
        'shop:till:{part}': { coin: z.date() },
      },
      presence: {
        'shop:{id}': z.object({ a: z.number() }),
        '{kind}:{id}': z.object({ b: z.string() }),
      },
    })
    type Two = typeof two
    expectTypeOf<TypeOf<Two, 'shop:1'>>().toEqualTypeOf<'order'>()
    expectTypeOf<TypeOf<Two, `shop:${string}`>>().toEqualTypeOf<'order'>()
    expectTypeOf<TypeOf<Two, 'till:1'>>().toEqualTypeOf<'note'>()
    expectTypeOf<TypeOf<Two, 'shop:1:log'>>().toEqualTypeOf<'piece'>()
    expectTypeOf<TypeOf<Two, 'shop:till:log'>>().toEqualTypeOf<'coin'>()
    expectTypeOf<TypeOf<Two, 'till:1:log'>>().toEqualTypeOf<'line'>()
    expectTypeOf<MetaIn<Two, 'shop:1'>>().toEqualTypeOf<{ a: number }>()
    const typed = {} as RealtimeClient<Two>
    // @ts-expect-error the template shop:{id} counts, which has no note
    typed.publish('shop:1', 'note', 'text')
  })

  it('prefers an entry of the name itself to a template', () => {
    channels.subscribe('entity:Task', (_, event) => {
      if (event.type === 'entity:created')
        expectTypeOf(event.payload.data).toEqualTypeOf<Row | null>()
    })
    channels.subscribe('entity:Note', (row) => expectTypeOf(row).toEqualTypeOf<{ id: string }>())
    channels.subscribe(`entity:${id}`, (_, { type }) => {
      expectTypeOf(type).toEqualTypeOf<'entity:created' | 'entity:updated' | 'entity:deleted'>()
    })
  })

  it('has unknown payloads for a name that is any string', () => {
    channels.subscribe(anyName, (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<EventFrame>()
    })
    if (isOf(shop, 'shop:{id}', anyName)) {
      channels.subscribe(anyName, { order: ({ at }) => at })
    }
  })

  it('does not let the handler decide what it gets', () => {
    // @ts-expect-error the payload is another
    channels.subscribe('agent:1', (payload: { agent: number }) => payload)
  })

  it('is typed in a scope, and as an iterable', async () => {
    const scope = channelScope(channels)
    scope.subscribe('shop:42', { order: ({ at }) => at })
    // @ts-expect-error no such channel
    scope.subscribe('shp:42', () => {})
    for await (const event of channelEvents(channels, 'shop:42')) {
      if (event.type === 'till') expectTypeOf(event.payload).toEqualTypeOf<{ total: number }>()
    }
    // @ts-expect-error no such channel
    channelEvents(channels, 'shp:42')
  })
})

describe('names made at run time', () => {
  it('have the parameters of their template', () => {
    expectTypeOf(channel(shop, 'shop:{id}', { id: 1 })).toEqualTypeOf<`shop:${string}`>()
    expectTypeOf(channel(shop, 'news')).toEqualTypeOf<'news'>()
    channel(shop, 'doc:{id}:page/{page}', { id, page: 2 })
    // @ts-expect-error the parameters are missing
    channel(shop, 'shop:{id}')
    // @ts-expect-error a parameter is missing
    channel(shop, 'doc:{id}:page/{page}', { id })
    // @ts-expect-error no such template
    channel(shop, 'shop:{x}', { x: 1 })
    // @ts-expect-error no parameters
    channel(shop, 'news', { id })
  })
})

describe('a request', () => {
  it('sends the input, and resolves with the output', async () => {
    const reply = await client.request('order:cancel', { id, at: '2026-01-01' })
    expectTypeOf(reply).toEqualTypeOf<Instant>()
    expectTypeOf(await client.request('task:list')).toEqualTypeOf<Row[]>()
    expectTypeOf(await client.request('log', 'x')).toEqualTypeOf<undefined>()
    const { payload, at } = await client.requestWithPosition('task:list')
    expectTypeOf(payload).toEqualTypeOf<Row[]>()
    expectTypeOf(at?.[0]?.offset).toEqualTypeOf<number | undefined>()
    await client.request('maybe')
    await client.request('maybe', { a: 1 }, { timeoutMs: 1 })
    await client.request('task:list', undefined, { timeoutMs: 1 })
  })

  it('refuses another type, payload or none', () => {
    // @ts-expect-error no such request
    client.request('order:cancle', { id, at: '' })
    // @ts-expect-error the id is a string
    client.request('order:cancel', { id: 1, at: '' })
    // @ts-expect-error the payload is missing
    client.request('order:cancel')
    // @ts-expect-error a field is missing
    client.request('order:cancel', { id })
    // @ts-expect-error it takes none
    client.request('task:list', { id })
    // @ts-expect-error no such request
    client.request(anyName)
  })
})

describe('a publish', () => {
  it('takes the input of an event of the channel', () => {
    client.publish('shop:42', 'order', { id, at: '2026-01-01' })
    client.publish(`shop:${id}`, 'till', { total: 1 }, { timeoutMs: 1 })
    client.publish('news', 'closed')
    client.publish('entity:Task', 'entity:created', {
      id,
      entityName: 'Task',
      data: { id, title: '' },
    })
  })

  it('refuses another channel, type or payload', () => {
    // @ts-expect-error no such channel
    client.publish('shp:42', 'order', { id, at: '' })
    // @ts-expect-error events are published to a member of the family
    client.publish('agent:*', 'started', { agent: '' })
    // @ts-expect-error what is published is text
    client.publish('shop:42', 'order', { id, at: new Date() })
    // @ts-expect-error a field is missing
    client.publish('shop:42', 'order', { id })
    // @ts-expect-error no such type
    client.publish('shop:42', 'ordr', { id, at: '' })
    // @ts-expect-error the payload is missing
    client.publish('shop:42', 'till')
    // @ts-expect-error any string is no name of a channel
    client.publish(anyName, 'order', { id, at: '' })
  })
})

describe('presence', () => {
  it('enters with the input of the meta, and shows the output', () => {
    const here = presence.enter('shop:42', { since: '1' })
    expectTypeOf(here).toEqualTypeOf<PresenceHandle<{ since: string }>>()
    here.update({ since: '2' })
    // @ts-expect-error what is sent is text
    here.update({ since: 2 })
    expectTypeOf(presence.of('shop:42')).toEqualTypeOf<
      Readable<readonly PresenceUser<{ since: number }>[]>
    >()
    presence.enter('workspace/a')
    presence.enter('workspace/a', { x: 1 }, { signal: new AbortController().signal })
  })

  it('refuses another resource or meta', () => {
    // @ts-expect-error no such resource
    presence.enter('shp:42', { since: '1' })
    // @ts-expect-error the meta is missing
    presence.enter('shop:42')
    // @ts-expect-error another meta
    presence.enter('shop:42', { since: 1 })
    // @ts-expect-error any string is no resource
    presence.enter(anyName, { since: '1' })
    // @ts-expect-error no such resource
    presence.of('shp:42')
    presence.of(anyName)
  })
})

describe('bound state', () => {
  it('has the rows of the entity events', () => {
    const tasks = bindList(channels, 'entity:Task', {
      load: async () => ({ state: [] }),
      filter: (task) => {
        expectTypeOf(task).toEqualTypeOf<Row>()
        return !task.done
      },
    })
    expectTypeOf(tasks.state).toEqualTypeOf<Readable<readonly Row[]>>()
    const one = bindRecord(channels, 'entity:Task:42', { load: async () => ({ state: undefined }) })
    expectTypeOf(one.state.get()).toEqualTypeOf<Row | undefined>()
    // @ts-expect-error no such channel
    bindList(channels, 'entty:Task', { load: async () => ({ state: [] }) })
    // @ts-expect-error rows of another type
    bindList(channels, 'entity:Task', { load: async () => ({ state: [{ id: 1 }] }) })
  })

  it('checks the name of the channel in sync and feed', () => {
    const into = { reset: (state: number) => state, fold: () => {} }
    sync(channels, 'shop:42', { load: async () => ({ state: 1 }), into })
    // @ts-expect-error no such channel
    sync(channels, 'shp:42', { load: async () => ({ state: 1 }), into })
    const sink = { fold: () => {} }
    feed(channels, 'shop:42', sink, (event) => {
      return event.type === 'order' ? expectTypeOf(event.payload).toEqualTypeOf<Instant>() : 0
    })
    // @ts-expect-error no such channel
    feed(channels, 'shp:42', sink)
  })

  it('types the request of a mutation', () => {
    const optimistic = new OptimisticManager({
      client,
      api: {
        create: (_, data, { request }) => {
          // @ts-expect-error no such request
          request('task:crate', data)
          return request('task:list')
        },
        update: async (_entity, _id, _changes, { request }) => {
          expectTypeOf(await request('task:list')).toEqualTypeOf<Row[]>()
        },
        delete: async () => {},
      },
    })
    return optimistic
  })
})

describe('parameters of one’s own', () => {
  it('take every name of the contract', () => {
    const follow = (name: ChannelName<Shop>) => channels.subscribe(name, () => {})
    follow('shop:42')
    // @ts-expect-error no such channel
    follow('shp:42')
    expectTypeOf<EventOf<Shop, 'shop:1'>>().toEqualTypeOf<
      EventFrame<'order', Instant> | EventFrame<'till', { total: number }>
    >()
    expectTypeOf<TypeOf<Shop, 'shop:1'>>().toEqualTypeOf<'order' | 'till'>()
    expectTypeOf<PayloadOf<Shop, 'shop:1', 'till'>>().toEqualTypeOf<{ total: number }>()
    expectTypeOf<Published<Shop, 'shop:1', 'order'>>().toEqualTypeOf<{ id: string; at: string }>()
    expectTypeOf<PublishedType<Shop, 'shop:1'>>().toEqualTypeOf<'order' | 'till'>()
    expectTypeOf<RequestIn<Shop, 'order:cancel'>>().toEqualTypeOf<{ id: string; at: string }>()
    expectTypeOf<RequestOut<Shop, 'order:cancel'>>().toEqualTypeOf<{ id: string; at: string }>()
    expectTypeOf<ReplyIn<Shop, 'order:cancel'>>().toEqualTypeOf<{ id: string; at: string }>()
    expectTypeOf<ReplyOut<Shop, 'order:cancel'>>().toEqualTypeOf<Instant>()
    expectTypeOf<MetaIn<Shop, 'shop:1'>>().toEqualTypeOf<{ since: string }>()
    expectTypeOf<MetaOut<Shop, 'shop:1'>>().toEqualTypeOf<{ since: number }>()
  })
})

describe('a contract of types alone', () => {
  interface ShopTypes {
    channels: { 'shop:{id}': { order: Instant; till: { total: number } } }
    requests: {
      'order:cancel': { payload: { id: string }; reply: Instant }
      'task:list': { reply: Row[] }
    }
    presence: { 'shop:{id}': { typing: boolean } }
  }
  interface Typed extends Contract<ShopTypes> {}

  it('types as one with schemas does', async () => {
    const alone: Typed = contract<ShopTypes>()
    contract<ShopTypes>({ fingerprint: '2026-11' })
    const typed = new RealtimeClient('ws://x', { contract: alone })
    expectTypeOf(typed).toEqualTypeOf<RealtimeClient<Typed>>()
    expectTypeOf(await typed.request('order:cancel', { id })).toEqualTypeOf<Instant>()
    expectTypeOf(await typed.request('task:list')).toEqualTypeOf<Row[]>()
    // @ts-expect-error no such request
    typed.request('order:cancle', { id })
    const shared = new ChannelSubscriber(typed)
    shared.subscribe('shop:1', { order: (order) => expectTypeOf(order).toEqualTypeOf<Instant>() })
    // @ts-expect-error no such channel
    shared.subscribe('shp:1', () => {})
    const people = new PresenceManager(shared)
    expectTypeOf(people.of('shop:1').get()[0]?.meta).toEqualTypeOf<
      { typing: boolean } | undefined
    >()
    // @ts-expect-error another meta
    people.enter('shop:1', { typing: 1 })
  })

  it('is another type than one of other parts', () => {
    // @ts-expect-error another contract
    const other: RealtimeClient<Typed> = client
    // @ts-expect-error another contract
    const parted: Contract<ShopTypes> = shop
    return [other, parted]
  })
})

describe('a part that a contract leaves out', () => {
  const name: string = id

  it('is typed as without a contract where it lists requests alone', async () => {
    const asked = contract({ requests: { count: { reply: z.number() } } })
    const few = new RealtimeClient('ws://x', { contract: asked })
    expectTypeOf(await few.request('count')).toEqualTypeOf<number>()
    // @ts-expect-error no such request
    few.request('cuont')
    const shared = new ChannelSubscriber(few)
    shared.subscribe('shop:1', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
    shared.subscribe<Row>('shop:1', { order: (row) => expectTypeOf(row).toEqualTypeOf<Row>() })
    few.publish('shop:1', 'order', { a: 1 })
    few.publish(name, 'order')
    const people = new PresenceManager(shared)
    people.enter('room', { typing: true }).update('x')
    expectTypeOf(people.of('room')).toEqualTypeOf<Readable<readonly PresenceUser[]>>()
    const rows = bindList(shared, 'entity:Task', { load: async () => ({ state: [] as Row[] }) })
    expectTypeOf(rows.state).toEqualTypeOf<Readable<readonly Row[]>>()
    sync(shared, 'a', { load: async () => ({ state: 1 }), into: { reset: () => {}, fold() {} } })
    expectTypeOf<ChannelName<typeof asked>>().toEqualTypeOf<string>()
    expectTypeOf<Resource<typeof asked>>().toEqualTypeOf<string>()
  })

  it('is typed as without a contract where it lists channels alone', async () => {
    const listed = contract({ channels: { 'shop:{id}': { order: Order } }, requests: undefined })
    const few = new RealtimeClient('ws://x', { contract: listed })
    expectTypeOf(few.request('count')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(few.request<Row>('task:get', { id })).toEqualTypeOf<Promise<Row>>()
    const shared = new ChannelSubscriber(few)
    // @ts-expect-error no such channel
    shared.subscribe('shp:1', () => {})
    new PresenceManager(shared).enter('room')
    expectTypeOf<RequestName<typeof listed>>().toEqualTypeOf<string>()
  })

  it('is all of one without parts', () => {
    const few = new RealtimeClient('ws://x', { contract: contract({}) })
    few.request('count')
    new ChannelSubscriber(few).subscribe('shop:1', () => {})
  })
})

describe('a map of handlers', () => {
  it('may have undefined in place of one', () => {
    const till = id ? (payload: { total: number }) => payload.total : undefined
    channels.subscribe('shop:42', { order: undefined, till })
    // @ts-expect-error no such type
    channels.subscribe('shop:42', { ordr: undefined })
  })
})

describe('a name that is only known at run time', () => {
  it('takes a handler for each type, with unknown payloads', () => {
    const name: string = id
    channels.subscribe(name, { order: (p) => expectTypeOf(p).toEqualTypeOf<unknown>() })
  })
})

describe('a channel that no contract has to list', () => {
  it('can be subscribed to by its name, with unknown payloads', () => {
    channels.subscribe('user:ada', (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<EventFrame>()
    })
    channels.subscribe(`user:${id}`, { hint: (p) => expectTypeOf(p).toEqualTypeOf<unknown>() })
    channels.subscribe('presence:shop:42', () => {})
    // @ts-expect-error it cannot be published to
    client.publish('user:ada', 'hint', {})
  })
})

describe('without a contract', () => {
  const untyped = {} as RealtimeClient
  const plain = {} as ChannelSubscriber

  it('every name is taken, and type arguments say what is expected', async () => {
    expectTypeOf(untyped.request('x')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(untyped.request<Row>('task:get')).toEqualTypeOf<Promise<Row>>()
    expectTypeOf(await untyped.requestWithPosition<Row>('x', { a: 1 })).toHaveProperty('payload')
    untyped.publish('a', 'b')
    untyped.publish('a', 'b', { c: 1 }, { timeoutMs: 1 })
    plain.subscribe('a', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
    plain.subscribe<Row>('a', (row, event) => {
      expectTypeOf(row).toEqualTypeOf<Row>()
      expectTypeOf(event).toEqualTypeOf<EventFrame<string, Row>>()
    })
    plain.subscribe('a', (row: Row) => row.title)
    const rows = bindList(plain, 'entity:Task', { load: async () => ({ state: [] as Row[] }) })
    expectTypeOf(rows.state).toEqualTypeOf<Readable<readonly Row[]>>()
    bindList<Row>(plain, 'entity:Task', { load: async () => ({ state: [] }) })
  })

  it('a handler for each type is taken too', () => {
    plain.subscribe('a', {
      order: (payload, event) => {
        expectTypeOf(payload).toEqualTypeOf<unknown>()
        expectTypeOf(event).toEqualTypeOf<EventFrame>()
      },
    })
    plain.subscribe<Row>('a', { order: (row) => expectTypeOf(row).toEqualTypeOf<Row>() })
    plain.subscribe('a', { created: (row: Row) => row.title })
  })

  it('presence takes every resource and meta', () => {
    const people = new PresenceManager(plain)
    expectTypeOf(people.of('a')).toEqualTypeOf<Readable<readonly PresenceUser[]>>()
    people.enter('a')
    people.enter('a', { typing: true }).update('x')
  })
})
