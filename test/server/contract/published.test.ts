import { describe, expect, it } from 'vitest'
import { contract, entityEvents } from 'wirefold/contract'
import type { EntityEvents, RealtimeServerOptions } from 'wirefold/server'
import { broadcastEntities, EventBus, refuse, WebSocketManager } from 'wirefold/server'
import { z } from 'zod'
import { RawClient, serve } from '../raw-client.ts'
import { partsOf } from '../wired.ts'

const SECRET = 'hunter2'
const at = z.iso.datetime().transform((text) => new Date(text))
const Task = z.object({ id: z.string(), title: z.string() })
const shop = contract({
  channels: {
    'shop:{id}': { order: z.object({ id: z.string(), at }) },
    'user:{id}': { hint: z.string() },
    'entity:Task': entityEvents(Task),
    'entity:Task:{id}': entityEvents(Task),
    'entity:Note': entityEvents(Task),
  },
  requests: { cancel: { reply: z.object({ id: z.string(), at }) } },
})
const serveShop = (options: RealtimeServerOptions = {}) =>
  serve({ contract: shop, authorize: () => true, ...options })
const order = { id: 'a', at: '2026-01-01T00:00:00.000Z' }

describe('a publish of a server with a contract', () => {
  it('travels as it was given', async () => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    await client.subscribe('shop:1')
    await server.publish('shop:1', 'order', order)
    expect(await client.next('order')).toMatchObject({ payload: order })
  })

  it('is checked as its receivers will read it', async () => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    await client.subscribe('shop:1')
    // JSON makes of a Date the text that the schema takes.
    await server.publish('shop:1', 'order', { id: 'a', at: new Date(order.at) })
    expect(await client.next('order')).toMatchObject({ payload: order })
  })

  it('rejects at its caller before the event is stored, with the issues and without values', async () => {
    const { server, errors } = await serveShop()
    const bad = server.publish('shop:1', 'order', { id: 'a', at: SECRET })
    await expect(bad).rejects.toMatchObject({
      code: 'bad-payload',
      message:
        'The payload of "order" on shop:1 does not fit the contract at at. See detail.issues.',
      detail: { channel: 'shop:1', type: 'order', issues: [{ path: ['at'] }] },
    })
    await expect(server.channels.publish('shop:1', 'order', 1)).rejects.toMatchObject({
      code: 'bad-payload',
    })
    expect(await server.channels.head('shop:1')).toMatchObject({ offset: 0 })
    expect(errors).toEqual([])
  })

  it('to a member of a family is checked by the entry of the family', async () => {
    const families = contract({ channels: { 'fam:*': { size: z.string() } } })
    const options = { contract: families, families: ['fam'], authorize: () => true }
    const { server, url } = await serve(options)
    const client = await RawClient.greeted(url)
    await client.subscribe('fam:*')
    const bad = server.publish('fam:7', 'size', 5)
    await expect(bad).rejects.toMatchObject({ code: 'bad-payload' })
    await server.publish('fam:7', 'size', '5')
    expect(await client.next('size')).toMatchObject({ channel: 'fam:7', payload: '5' })
  })

  it('rejects on a channel that the contract does not list', async () => {
    const { server } = await serveShop({ validateChannel: () => true })
    await expect(server.publish('till:1', 'x')).rejects.toMatchObject({
      code: 'bad-channel',
      message: expect.stringContaining('no template that fits the channel "till:1"'),
      detail: { channel: 'till:1' },
    })
  })

  it('to a user is checked where the contract lists users', async () => {
    const { server } = await serveShop()
    await expect(server.sendToUser('ada', 'hint', 1)).rejects.toMatchObject({ code: 'bad-payload' })
    await expect(server.sendToUser('ada', 'hint', 'x')).resolves.toMatchObject({ offset: 1 })
  })

  it('of a type that the contract does not have passes, and is counted', async () => {
    const { server } = await serveShop()
    await server.publish('shop:1', 'refund', 1)
    expect(server.stats().unlistedTypes).toBe(1)
  })

  it('is checked also where it is appended as JSON text', async () => {
    const { channels } = partsOf({ contract: shop })
    const event = { source: 'shop:1', type: 'order', id: undefined, timestamp: 0 }
    const bad = { ...event, json: JSON.stringify({ id: 1 }) }
    await expect(channels.append(bad)).rejects.toMatchObject({ code: 'bad-payload' })
    const json = JSON.stringify(order)
    await expect(channels.append({ ...event, json })).resolves.toMatchObject({ offset: 1 })
    await channels.close()
  })

  it('to the connections of this server alone is checked, too', () => {
    const manager = new WebSocketManager({ contract: shop })
    const thrown = expect.objectContaining({ code: 'bad-payload' })
    expect(() => manager.broadcast('shop:1', 'order', 1)).toThrow(thrown)
    expect(() => manager.sendToUser('ada', 'hint', 1)).toThrow(thrown)
    expect(() => manager.broadcast('till:1', 'order', 1)).toThrow(
      expect.objectContaining({ code: 'bad-channel' }),
    )
    expect(manager.broadcast('shop:1', 'order', order)).toBe(0)
  })
})

describe('a handler with a contract', () => {
  it('replies with what the schema takes, not with its output', async () => {
    const { server, url } = await serveShop()
    server.handle('cancel', () => order)
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'cancel' })).toMatchObject({ payload: order })
  })

  it.each([
    ['at once', () => ({ id: SECRET })],
    ['later', async () => ({ id: SECRET })],
  ])('that replies %s with what does not fit has failed', async (_, handler) => {
    const { server, url, errors } = await serveShop()
    server.handle('cancel', handler)
    const client = await RawClient.greeted(url)
    const reply = await client.request({ type: 'cancel' })
    expect(reply).toMatchObject({ type: 'error', payload: { code: 'handler-failed' } })
    expect(JSON.stringify(reply)).not.toContain(SECRET)
    expect(errors).toMatchObject([
      {
        code: 'handler-failed',
        detail: { where: 'request cancel' },
        cause: {
          code: 'bad-payload',
          message: 'The reply to "cancel" does not fit the contract at at. See detail.issues.',
          detail: { type: 'cancel', issues: [{ path: ['at'] }] },
        },
      },
    ])
  })

  it('that publishes what does not fit has failed', async () => {
    const { server, url, errors } = await serveShop()
    server.handle('cancel', async (_, { publish }) => {
      await publish('shop:1', 'order', { id: SECRET })
      return order
    })
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'cancel' })).toMatchObject({
      payload: { code: 'handler-failed' },
    })
    expect(errors).toMatchObject([{ cause: { code: 'bad-payload', detail: { type: 'order' } } }])
  })

  it('refuses as without a contract', async () => {
    const { server, url } = await serveShop()
    server.handle('cancel', () => {
      throw refuse('too-late', 'The order was sent.')
    })
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'cancel' })).toMatchObject({
      payload: { code: 'too-late' },
    })
  })

  it('replies with a value that JSON cannot represent as without a contract', async () => {
    const { server, url, errors } = await serveShop()
    server.handle('cancel', () => ({ id: 1n }))
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'cancel' })).toMatchObject({
      payload: { code: 'handler-failed' },
    })
    expect(errors).toMatchObject([{ cause: expect.any(TypeError) }])
  })
})

describe('the broadcast of entities', () => {
  it('leaves out the channels that the contract does not list', async () => {
    const { server, errors } = await serveShop()
    const bus = new EventBus<EntityEvents>({ onError: (error) => errors.push(error) })
    broadcastEntities(bus, server)
    const data = { id: '1', title: 'Write' }
    const about = { id: '1', data, userId: undefined }
    for (const entityName of ['Task', 'Note', 'Draft']) {
      await bus.publish('entity:created', { ...about, entityName })
      await bus.publish('entity:updated', { ...about, entityName })
      await bus.publish('entity:deleted', { ...about, entityName, data: null })
    }
    const channels = ['Task', 'Task:1', 'Note', 'Note:1', 'Draft', 'Draft:1']
    const heads = await Promise.all(
      channels.map(async (name) => (await server.channels.head(`entity:${name}`)).offset),
    )
    expect(heads).toEqual([3, 2, 3, 0, 0, 0])
    expect(errors).toEqual([])
  })

  it('reports a row that does not fit', async () => {
    const { server, errors } = await serveShop()
    const bus = new EventBus<EntityEvents>({ onError: (error) => errors.push(error) })
    broadcastEntities(bus, server)
    const change = { id: '1', entityName: 'Task', data: { id: 1 }, userId: undefined }
    await bus.publish('entity:created', change)
    expect(errors).toMatchObject([{ code: 'bad-payload', detail: { channel: 'entity:Task' } }])
  })
})
