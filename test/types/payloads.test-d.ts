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

  it('is unknown where nothing is annotated', () => {
    server.handle('order:cancel', (payload, context) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(context).toEqualTypeOf<RequestContext>()
    })
    // @ts-expect-error it is not known to have an id
    server.handle('order:cancel', async ({ id }) => id)
  })

  it('is named where nothing is annotated', () => {
    server.handle<Order>('order:cancel', async ({ id }) => id)
  })
})

describe('the payload of an event', () => {
  it('is annotated by a handler of a channel, and the event has it too', () => {
    channels.subscribe('order', ({ id }: Order, event) => {
      expectTypeOf(id).toEqualTypeOf<string>()
      expectTypeOf(event.type).toEqualTypeOf<string>()
    })
    channels.subscribe<Order>('order', (_, event) => {
      expectTypeOf(event.payload).toEqualTypeOf<Order>()
    })
    channelScope(channels).subscribe('order', async ({ id }: Order) => id)
  })

  it('is unknown to a handler that annotates nothing', () => {
    channels.subscribe('order', (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<EventFrame>()
    })
  })

  it('is annotated by what a feed folds', () => {
    feed(channels, 'order', sink, ({ payload }: EventFrame<string, Order>) => payload.id)
    feed<Order>(channels, 'order', sink, ({ payload }) => payload.id)
    channelScope(channels).feed<Order>('order', sink, ({ payload }) => payload.id)
    feed(channels, 'order', sink, ({ payload }) => expectTypeOf(payload).toEqualTypeOf<unknown>())
  })

  it('is named for an iteration', async () => {
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
  it('is annotated where the bus does not know it', () => {
    const bus = new EventBus()
    bus.subscribe('order', async ({ id }: Order) => id)
    bus.subscribe('order', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
  })

  it('is what the bus knows, whatever is annotated', () => {
    const bus = new EventBus<{ order: Order | undefined }>()
    bus.subscribe('order', (order) => expectTypeOf(order).toEqualTypeOf<Order | undefined>())
    // @ts-expect-error it may be missing
    bus.subscribe('order', ({ id }: Order) => id)
    // @ts-expect-error an order is no number
    bus.subscribe('order', (order: number) => order)
  })
})

describe('the reply to a request', () => {
  it('is named, or follows from where it goes', async () => {
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
      decode: ({ room }: { room: string }) => eventFrame(room, 'said', {}),
      encode: () => undefined,
    }
    return dialect
  })
})
