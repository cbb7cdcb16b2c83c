import { describe, expectTypeOf, it } from 'vitest'
import { type Contract, contract, entityEvents, unchecked } from 'wirefold/contract'
import {
  attach,
  broadcastEntities,
  createRealtimeServer,
  type EntityEvents,
  type EventBus,
  type EventPublisher,
  type PluginServer,
  RealtimeServer,
  type RealtimeServerOptions,
  type RequestContext,
  type ServerSetup,
  sharedServer,
} from 'wirefold/server'
import { z } from 'zod'

const at = z.string().transform((text) => new Date(text))
const Order = z.object({ id: z.string(), at })
const Task = z.object({ id: z.string(), done: z.boolean().default(false) })

const parts = contract({
  channels: {
    'shop:{id}': { order: Order, till: z.object({ total: z.number() }), closed: z.undefined() },
    'agent:{id}': { started: z.string() },
    'user:{id}': { hint: z.object({ text: z.string() }) },
    'entity:Task': entityEvents(Task),
    'entity:Task:{id}': entityEvents(Task),
    'entity:{name}': { 'entity:created': unchecked<{ id: string }>() },
  },
  requests: {
    'order:cancel': { payload: Order, reply: Order },
    'task:list': { reply: z.array(Task) },
    log: { payload: z.string() },
    ping: {},
  },
  presence: { 'shop:{id}': z.object({ since: z.number() }) },
})
type Parts = typeof parts
interface Shop extends Parts {}
const shop: Shop = parts

declare const server: RealtimeServer<Shop>
declare const untyped: RealtimeServer
const id: string = 'a'

describe('the type of a server', () => {
  it('comes from the contract in its options', () => {
    expectTypeOf(createRealtimeServer({ contract: shop })).toEqualTypeOf<RealtimeServer<Shop>>()
    expectTypeOf(new RealtimeServer({ contract: shop })).toEqualTypeOf<RealtimeServer<Shop>>()
    expectTypeOf(sharedServer('/ws', { contract: shop })).toEqualTypeOf<RealtimeServer<Shop>>()
    expectTypeOf(sharedServer<Shop>('/ws')).toEqualTypeOf<RealtimeServer<Shop>>()
    expectTypeOf(server.contract).toEqualTypeOf<Shop | undefined>()
  })

  it('is none without a contract', () => {
    expectTypeOf(createRealtimeServer()).toEqualTypeOf<RealtimeServer>()
    expectTypeOf(createRealtimeServer({ validate: 'never' })).toEqualTypeOf<RealtimeServer>()
    expectTypeOf(sharedServer('/ws', {})).toEqualTypeOf<RealtimeServer>()
  })

  it('is taken where a server is', () => {
    attach(server, ({ user }) => expectTypeOf(user?.id).toEqualTypeOf<string | undefined>())
    broadcastEntities({} as EventBus<EntityEvents>, server)
    expectTypeOf(server).toExtend<EventPublisher>()
    expectTypeOf(server).toExtend<PluginServer>()
    const setUp: ServerSetup<Shop> = ({ handle }) => void handle
    server.setUp(setUp)
    server.setUp((own) => {
      expectTypeOf(own).toEqualTypeOf<RealtimeServer<Shop>>()
      return undefined
    })
  })

  it('has options of a kind of its own', () => {
    const options: RealtimeServerOptions<Shop> = { contract: shop, validate: 'server' }
    expectTypeOf(new RealtimeServer(options)).toEqualTypeOf<RealtimeServer<Shop>>()
    // @ts-expect-error a client has no part in what a server checks
    createRealtimeServer({ contract: shop, validate: 'client' })
    // @ts-expect-error nothing else is a contract
    createRealtimeServer({ contract: { channels: {} } })
  })
})

describe('a handler', () => {
  it('takes the output of the payload, and replies with the input', () => {
    server.handle('order:cancel', async (order, context) => {
      expectTypeOf(order).toEqualTypeOf<{ id: string; at: Date }>()
      expectTypeOf(context).toEqualTypeOf<RequestContext<Shop>>()
      return { id: order.id, at: order.at.toISOString() }
    })
    server.handle('order:cancel', ({ id, at }) => ({ id, at: at.toISOString() }))
    server.handle('task:list', () => [{ id }, { id, done: true }])
    server.handle('log', (line) => void expectTypeOf(line).toEqualTypeOf<string>())
    server.handle('log', async (line) => void line)
    server.handle('ping', (payload) => void expectTypeOf(payload).toEqualTypeOf<undefined>())
    server.handle('ping', () => {}, { timeoutMs: 5, idempotent: true })
  })

  it('is refused for another type, payload or reply', () => {
    // @ts-expect-error a typing mistake
    server.handle('order:cancle', () => {})
    // @ts-expect-error the payload is an order
    server.handle('order:cancel', (order: string) => order)
    // @ts-expect-error the reply lacks a field
    server.handle('order:cancel', async ({ id }) => ({ id }))
    // @ts-expect-error the reply is the input, which a Date is not
    server.handle('order:cancel', ({ id, at }) => ({ id, at }))
    // @ts-expect-error the rows have ids
    server.handle('task:list', async () => [{ done: true }])
    // @ts-expect-error a template is no type of a request
    server.handle('shop:{id}', () => {})
  })

  it('publishes by the contract', () => {
    server.handle('log', async (_, { publish }) => {
      await publish('shop:1', 'order', { id, at: '2026-01-01' })
      await publish(`shop:${id}`, 'till', { total: 1 })
      await publish('shop:1', 'closed')
      // @ts-expect-error the channel is not listed
      await publish('shp:1', 'order', { id, at: '2026-01-01' })
      // @ts-expect-error a Date is the output
      await publish('shop:1', 'order', { id, at: new Date() })
    })
  })
})

describe('a publish of a server', () => {
  it('takes the input of an event of the channel', () => {
    server.publish('shop:42', 'order', { id, at: '2026-01-01' })
    server.publish(`shop:${id}`, 'till', { total: 1 }, { id: 'e1' })
    server.publish('shop:42', 'closed')
    server.publish('entity:Task', 'entity:updated', { id, entityName: 'Task', data: { id } })
    server.publish('entity:Note', 'entity:created', { id })
  })

  it('is refused for another channel, type or payload', () => {
    // @ts-expect-error no template fits
    server.publish('shp:42', 'till', { total: 1 })
    // @ts-expect-error a part too many
    server.publish('shop:42:log', 'till', { total: 1 })
    // @ts-expect-error braces take values
    server.publish('shop:{id}', 'till', { total: 1 })
    // @ts-expect-error events are published to a member
    server.publish('agent:*', 'started', 'x')
    // @ts-expect-error a plain string may be any channel
    server.publish(id, 'till', { total: 1 })
    // @ts-expect-error the channel has no such type
    server.publish('shop:42', 'tll', { total: 1 })
    // @ts-expect-error a field is missing
    server.publish('shop:42', 'order', { id })
    // @ts-expect-error a field is of another type
    server.publish('shop:42', 'till', { total: '1' })
    // @ts-expect-error the payload is missing
    server.publish('shop:42', 'till')
  })

  it('to a user goes by the channel of users', () => {
    server.sendToUser('ada', 'hint', { text: 'x' })
    server.sendToUser('ada', 'hint', { text: 'x' }, { id: 'e1' })
    // @ts-expect-error users get no such type
    server.sendToUser('ada', 'hnt', { text: 'x' })
    // @ts-expect-error a text is text
    server.sendToUser('ada', 'hint', { text: 1 })
  })

  it('to a user takes anything where the contract does not list users', () => {
    const few = createRealtimeServer({ contract: contract({ channels: { a: { e: z.string() } } }) })
    few.sendToUser('ada', 'anything', { at: new Date() })
    few.sendToUser('ada', 'anything')
    // @ts-expect-error a channel is typed all the same
    few.publish('a', 'e', 1)
  })
})

describe('a part that a contract leaves out', () => {
  it('is typed as without a contract', () => {
    const asked = createRealtimeServer({ contract: contract({ requests: { count: {} } }) })
    asked.publish('shop:1', 'order', { a: 1 })
    asked.publish('shop:1', 'order')
    // @ts-expect-error no such request
    asked.handle('cuont', () => {})
    const listed = createRealtimeServer({
      contract: contract({ channels: { a: { e: z.string() } } }),
    })
    listed.handle('count', async ({ id }: { id: string }, { publish }) => {
      await publish('a', 'e', id)
      // @ts-expect-error a channel is typed all the same
      await publish('a', 'e', 1)
      return id
    })
  })
})

describe('a contract of types alone', () => {
  interface ShopTypes {
    channels: { 'shop:{id}': { order: { id: string } } }
    requests: { cancel: { payload: { id: string }; reply: number } }
  }
  interface TypedShop extends Contract<ShopTypes> {}
  const typed: TypedShop = contract<ShopTypes>()
  const server = createRealtimeServer({ contract: typed })

  it('types a server as one with schemas does', () => {
    expectTypeOf(server).toEqualTypeOf<RealtimeServer<TypedShop>>()
    server.handle('cancel', ({ id }) => id.length)
    server.publish('shop:1', 'order', { id })
    // @ts-expect-error the reply is a number
    server.handle('cancel', ({ id }) => id)
    // @ts-expect-error a typing mistake
    server.publish('shop:1', 'odrer', { id })
  })
})

describe('without a contract', () => {
  it('a payload is annotated without a cast, and everything is published', () => {
    untyped.handle('order:cancel', async ({ id }: { id: string }) => id)
    untyped.handle('order:cancel', ({ id }: { id: string }, { publish }) => publish(id, 'x', 1))
    untyped.handle<{ id: string }>('order:cancel', ({ id }) => id)
    untyped.handle('order:cancel', (payload, context) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(context).toEqualTypeOf<RequestContext>()
    })
    untyped.publish(id, id, 1)
    untyped.publish(id, id)
    untyped.publish('a', 'b', undefined, { id: 'c' })
    untyped.sendToUser(id, id, 1, { id: 'c' })
    untyped.setUp((own) => void expectTypeOf(own).toEqualTypeOf<RealtimeServer>())
  })
})
