import { describe, expectTypeOf, it } from 'vitest'
import {
  type ChannelSubscriber,
  channelEvents,
  channelScope,
  defineManager,
  type EventFrame,
  feed,
  type RealtimeClient,
  type Sink,
} from 'wirefold'
import { type Dialect, eventFrame, plainDialect } from 'wirefold/dialects'
import { useSubscription } from 'wirefold/react'
import {
  EventBus,
  type RealtimeServer,
  type RequestContext,
  WebSocketManager,
} from 'wirefold/server'

interface Order {
  readonly id: string
}

declare const server: RealtimeServer
declare const client: RealtimeClient
declare const channels: ChannelSubscriber
declare const sink: Sink

describe('the payload of a request handler', () => {
  it('is annotated without a cast', () => {
    server.handle('order:cancel', async ({ id }: Order) => id)
    server.handle('order:cancel', ({ id }: { id: string }, { publish }) => publish(id, 'cancelled'))
    new WebSocketManager().registerHandler('order:cancel', ({ id }: Order) => id)
  })

  it('is unknown without an annotation', () => {
    server.handle('order:cancel', (payload, context) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(context).toEqualTypeOf<RequestContext>()
    })
    // @ts-expect-error unknown has no id
    server.handle('order:cancel', async ({ id }) => id)
  })

  it('is a type argument without an annotation', () => {
    server.handle<Order>('order:cancel', async ({ id }) => id)
  })
})

describe('the payload of an event', () => {
  it('is annotated by a handler of a channel, also for the event', () => {
    channels.subscribe('order', ({ id }: Order, event) => {
      expectTypeOf(id).toEqualTypeOf<string>()
      expectTypeOf(event.type).toEqualTypeOf<string>()
    })
    channels.subscribe<Order>('order', (_, event) => {
      expectTypeOf(event.payload).toEqualTypeOf<Order>()
    })
    channelScope(channels).subscribe('order', async ({ id }: Order) => id)
  })

  it('is unknown to a handler without an annotation', () => {
    channels.subscribe('order', (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<EventFrame>()
    })
  })

  it('is annotated by the fold of a feed', () => {
    feed(channels, 'order', sink, ({ payload }: EventFrame<string, Order>) => payload.id)
    feed<Order>(channels, 'order', sink, ({ payload }) => payload.id)
    channelScope(channels).feed<Order>('order', sink, ({ payload }) => payload.id)
    feed(channels, 'order', sink, ({ payload }) => expectTypeOf(payload).toEqualTypeOf<unknown>())
  })

  it('is a type argument of an iteration', async () => {
    for await (const { payload } of channelEvents<Order>(channels, 'order')) {
      expectTypeOf(payload).toEqualTypeOf<Order>()
    }
    for await (const { payload } of channelEvents(channels, 'order')) {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
    }
  })

  it('is annotated by a manager', () => {
    defineManager({ topics: ['order'], onEvent: ({ id }: Order) => id })
    defineManager({
      topics: ['order'],
      onEvent: (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>(),
    })
  })

  it('is annotated in a component', () => {
    useSubscription(channels, 'order', ({ id }: Order) => id)
    useSubscription(channels, 'order', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
  })
})

describe('the payload of a bus', () => {
  it('is annotated if the bus has no type for it', () => {
    const bus = new EventBus()
    bus.subscribe('order', async ({ id }: Order) => id)
    bus.subscribe('order', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
  })

  it('is the type of the bus, despite any annotation', () => {
    const bus = new EventBus<{ order: Order | undefined }>()
    bus.subscribe('order', (order) => expectTypeOf(order).toEqualTypeOf<Order | undefined>())
    // @ts-expect-error it may be missing
    bus.subscribe('order', ({ id }: Order) => id)
    // @ts-expect-error an order is no number
    bus.subscribe('order', (order: number) => order)
  })
})

describe('the reply to a request', () => {
  it('is a type argument, or is inferred from its target', async () => {
    expectTypeOf(await client.request<Order>('order:get')).toEqualTypeOf<Order>()
    const order: Order = await client.request('order:get')
    expectTypeOf(
      (await client.requestWithPosition<Order>('order:get')).payload,
    ).toEqualTypeOf<Order>()
    return order
  })
})

describe('a message of a backend', () => {
  it('is annotated by the dialect that decodes it', () => {
    const dialect: Dialect = {
      ...plainDialect,
      name: 'rooms',
      decode: ({ room }: { room: string }) => eventFrame(room, 'message', {}),
      encode: () => undefined,
    }
    return dialect
  })
})
