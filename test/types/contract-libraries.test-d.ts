import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import type { PresenceManager } from 'wirefold'
import { bindList, ChannelSubscriber, type Readable, RealtimeClient } from 'wirefold'
import { contract, entityEvents } from 'wirefold/contract'
import { z } from 'zod'
import * as mini from 'zod/mini'

const ofValibot = contract({
  channels: {
    'shop:{id}': {
      order: v.object({
        id: v.string(),
        at: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      }),
    },
    'entity:Task': entityEvents(v.object({ id: v.string(), title: v.string() })),
  },
  requests: { cancel: { payload: v.object({ id: v.string() }), reply: v.optional(v.number()) } },
  presence: { 'shop:{id}': v.object({ typing: v.boolean() }) },
})

const ofArktype = contract({
  channels: {
    'shop:{id}': { order: type({ id: 'string', at: 'string.date.iso.parse' }) },
    'entity:Task': entityEvents(type({ id: 'string', title: 'string' })),
  },
  requests: { cancel: { payload: type({ id: 'string' }), reply: type('number | undefined') } },
  presence: { 'shop:{id}': type({ typing: 'boolean' }) },
})

const ofMini = contract({
  channels: { 'shop:{id}': { order: mini.object({ id: mini.string() }) } },
  requests: { cancel: { payload: z.strictObject({ id: z.string() }) } },
})

interface Order {
  id: string
  at: Date
}
interface Row {
  id: string
  title: string
}

describe('a contract of schemas of valibot', () => {
  const client = new RealtimeClient('ws://x', { contract: ofValibot })
  const channels = new ChannelSubscriber(client)

  it('types events, requests, rows and presence', async () => {
    channels.subscribe('shop:1', (order) => expectTypeOf(order).toEqualTypeOf<Order>())
    expectTypeOf(await client.request('cancel', { id: '' })).toEqualTypeOf<number | undefined>()
    client.publish('shop:1', 'order', { id: '', at: '' })
    const tasks = bindList(channels, 'entity:Task', { load: async () => ({ state: [] }) })
    expectTypeOf(tasks.state).toEqualTypeOf<Readable<readonly Row[]>>()
    const presence = {} as PresenceManager<typeof ofValibot>
    presence.enter('shop:1', { typing: true })
    // @ts-expect-error no such channel
    channels.subscribe('shp:1', () => {})
    // @ts-expect-error another payload
    client.request('cancel', { id: 1 })
    // @ts-expect-error what is published is text
    client.publish('shop:1', 'order', { id: '', at: new Date() })
    // @ts-expect-error another meta
    presence.enter('shop:1', { typing: 1 })
  })
})

describe('a contract of types of arktype', () => {
  const client = new RealtimeClient('ws://x', { contract: ofArktype })
  const channels = new ChannelSubscriber(client)

  it('types events, requests, rows and presence', async () => {
    channels.subscribe('shop:1', (order) => expectTypeOf(order).toEqualTypeOf<Order>())
    expectTypeOf(await client.request('cancel', { id: '' })).toEqualTypeOf<number | undefined>()
    client.publish('shop:1', 'order', { id: '', at: '' })
    const tasks = bindList(channels, 'entity:Task', { load: async () => ({ state: [] }) })
    expectTypeOf(tasks.state).toEqualTypeOf<Readable<readonly Row[]>>()
    const presence = {} as PresenceManager<typeof ofArktype>
    presence.enter('shop:1', { typing: true })
    // @ts-expect-error no such channel
    channels.subscribe('shp:1', () => {})
    // @ts-expect-error another payload
    client.request('cancel', { id: 1 })
    // @ts-expect-error what is published is text
    client.publish('shop:1', 'order', { id: '', at: new Date() })
    // @ts-expect-error another meta
    presence.enter('shop:1', { typing: 1 })
  })
})

describe('a contract of schemas of zod/mini, and of several libraries', () => {
  it('types all the same', async () => {
    const client = new RealtimeClient('ws://x', { contract: ofMini })
    expectTypeOf(await client.request('cancel', { id: '' })).toEqualTypeOf<undefined>()
    // @ts-expect-error another payload
    client.publish('shop:1', 'order', { id: 1 })
  })
})
