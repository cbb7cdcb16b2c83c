import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, feed } from 'wirefold'
import { contexts, contract, unchecked } from 'wirefold/contract'
import { z } from 'zod'
import { scripted } from '../support/scripted.ts'

const shop = contract({
  channels: {
    'shop:{id}': {
      order: z.object({ id: z.string(), total: z.number() }),
      till: z.object({ total: z.number() }),
      step: unchecked<{ kind: 'Baked' | 'Sold'; id: string }>(),
      note: z.string(),
      grade: z.object({ kind: z.number() }),
    },
  },
})

describe('the registry of a channel', () => {
  it('takes the type of an event for the kind of a payload without one', async () => {
    const { clock, server, client, errors } = scripted({}, { contract: shop, validate: 'always' })
    const orders = contexts(shop, 'shop:{id}')
      .keyed('order', ({ id }) => id)
      .single('till')
      .keyed('Baked', ({ id }) => id)
      .keyed('Sold', ({ id }) => id)
      .complete()
    feed(new ChannelSubscriber(client), 'shop:42', orders)
    await clock.advance(10)
    server.publish('shop:42', 'order', { id: 'a', total: 1 })
    server.publish('shop:42', 'till', { total: 7 })
    server.publish('shop:42', 'step', { kind: 'Baked', id: 'b' })
    server.publish('shop:42', 'note', 'no object')
    await clock.advance(10)
    expect(orders.entity('order', 'a').get()).toEqual({ kind: 'order', id: 'a', total: 1 })
    expect(orders.entity('till').get()?.total).toBe(7)
    expect(orders.entity('Baked', 'b').get()).toEqual({ kind: 'Baked', id: 'b' })
    expect([orders.counts().dropped, errors]).toEqual([1, []])
  })

  it('does so in its scopes', () => {
    const orders = contexts(shop, 'shop:{id}').keyed('order', ({ id }) => id)
    const scope = orders.scope('one')
    const frame = { channel: 'shop:1', id: undefined, offset: undefined, prev: undefined }
    const event = { ...frame, kind: 'event', via: undefined, timestamp: undefined } as const
    scope.fold([{ ...event, type: 'order', payload: { id: 'a', total: 1 } }])
    expect(scope.entity('order', 'a').get()?.total).toBe(1)
  })

  it('drops a payload whose kind is no text, and leaves it as it is', async () => {
    const { clock, server, client } = scripted({}, { contract: shop })
    const dropped: unknown[] = []
    const orders = contexts(shop, 'shop:{id}', { onDrop: (context) => dropped.push(context) })
    // @ts-expect-error no such kind
    orders.single('grade')
    feed(new ChannelSubscriber(client), 'shop:42', orders)
    await clock.advance(10)
    server.publish('shop:42', 'grade', { kind: 5 })
    await clock.advance(10)
    expect(dropped).toEqual([{ kind: 5 }])
  })

  it('has the kinds of its channel alone', () => {
    // @ts-expect-error no such kind
    contexts(shop, 'shop:{id}').single('ordr')
    // @ts-expect-error a kind is not handled
    contexts(shop, 'shop:{id}').single('till').complete()
    // @ts-expect-error no such channel
    contexts(shop, 'shp:{id}')
  })
})
