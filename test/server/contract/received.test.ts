import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { contract } from 'wirefold/contract'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { z } from 'zod'
import type { Message } from '../raw-client.ts'
import { RawClient, serve } from '../raw-client.ts'
import { partsOf } from '../wired.ts'

const SECRET = 'hunter2'
const at = z.iso.datetime().transform((text) => new Date(text))
const shop = contract({
  channels: {
    'shop:{id}': { order: z.object({ id: z.string(), at }), note: v.object({ text: v.string() }) },
    'user:{id}': { hint: z.string() },
  },
  requests: {
    'order:cancel': {
      payload: z.object({ id: z.string(), at }),
      reply: z.object({ id: z.string() }),
    },
    'order:list': {},
    'order:rate': { payload: type({ stars: '1 <= number <= 5' }) },
  },
  presence: { 'room/{name}': z.object({ typing: z.boolean() }) },
})

const open = { authorize: () => true, authenticate: () => ({ id: 'ada' }) } as const
const serveShop = (options: RealtimeServerOptions = {}) =>
  serve({ contract: shop, ...open, ...options })

const publish = (channel: string, kind: string, payload: unknown): Message => ({
  type: 'publish',
  channel,
  payload: { type: kind, payload },
})

const refused = (paths: unknown) => ({
  type: 'error',
  payload: {
    code: 'bad-payload',
    message: 'The payload does not fit the contract of the server.',
    retryable: false,
    details: { paths },
  },
})

describe('a request with a contract', () => {
  it('reaches its handler as the output of the schema', async () => {
    const { server, url } = await serveShop()
    const seen: unknown[] = []
    server.handle('order:cancel', (payload: unknown) => {
      seen.push(payload)
      return { id: 'a' }
    })
    const client = await RawClient.greeted(url)
    const payload = { id: 'a', at: '2026-01-01T00:00:00Z', extra: 1 }
    expect(await client.request({ type: 'order:cancel', payload })).toMatchObject({
      payload: { id: 'a' },
    })
    expect(seen).toEqual([{ id: 'a', at: new Date('2026-01-01T00:00:00Z') }])
  })

  it.each([
    ['order:cancel', { id: 1, at: SECRET }, [['id'], ['at']]],
    ['order:cancel', undefined, [[]]],
    ['order:rate', { stars: 9, [SECRET]: 1 }, [['stars']]],
  ])('is refused by path without its values: %s', async (name, payload, paths) => {
    const { server, url, errors } = await serveShop()
    let runs = 0
    server.handle(name, () => {
      runs += 1
    })
    const client = await RawClient.greeted(url)
    const reply = await client.request({ type: name, payload })
    expect(reply).toMatchObject(refused(paths))
    expect(JSON.stringify(reply)).not.toContain(SECRET)
    expect([runs, errors]).toEqual([0, []])
    expect(server.stats().refusals).toEqual({ 'bad-payload': 1 })
  })

  it('runs unchecked where the contract does not have its type, and is counted', async () => {
    const { server, url } = await serveShop()
    server.handle('order:new', (payload: unknown) => payload)
    server.handle('order:list', (payload: unknown) => payload)
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'order:new', payload: 1 })).toMatchObject({ payload: 1 })
    expect(await client.request({ type: 'order:list', payload: 2 })).toMatchObject({ payload: 2 })
    expect(server.stats().unlistedTypes).toBe(1)
    expect(await client.request({ type: 'order:none' })).toMatchObject({
      payload: { code: 'unknown-type' },
    })
  })

  it('gets the same refusal when it is repeated', async () => {
    const { server, url } = await serveShop()
    server.handle('order:rate', () => {})
    const client = await RawClient.greeted(url)
    const request = { type: 'order:rate', requestId: 'r', payload: { stars: 0 } }
    const first = await client.request(request)
    expect(await client.request(request)).toEqual(first)
  })

  it('on a channel is checked after the permission', async () => {
    const { server, url } = await serve({ contract: shop, authorize: () => false })
    server.handle('order:rate', () => {})
    const client = await RawClient.greeted(url)
    const request = { type: 'order:rate', channel: 'shop:1', payload: SECRET }
    expect(await client.request(request)).toMatchObject({ payload: { code: 'forbidden' } })
  })
})

describe('a publish of a client with a contract', () => {
  it('travels as it came, not as the output of the schema', async () => {
    const { url } = await serveShop()
    const client = await RawClient.greeted(url)
    await client.subscribe('shop:1')
    const payload = { id: 'a', at: '2026-01-01T00:00:00Z', extra: [1] }
    client.send({ ...publish('shop:1', 'order', payload), requestId: 'p' })
    const event = await client.next('order')
    expect(event).toMatchObject({ channel: 'shop:1', payload })
  })

  it.each([
    ['order', { id: [SECRET], at: 'x' }, [['id'], ['at']]],
    ['note', { text: { value: SECRET } }, [['text']]],
  ])('is refused by path without its values: %s', async (name, payload, paths) => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    const reply = await client.request(publish('shop:1', name, payload))
    expect(reply).toMatchObject(refused(paths))
    expect(JSON.stringify(reply)).not.toContain(SECRET)
    expect(await server.channels.head('shop:1')).toMatchObject({ offset: 0 })
  })

  it('of a type that the contract does not have passes, and is counted', async () => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    expect(await client.request(publish('shop:1', 'refund', 1))).toMatchObject({ type: 'reply' })
    expect(server.stats().unlistedTypes).toBe(1)
  })
})

describe('presence with a contract', () => {
  const join = (resource: string, meta: unknown): Message => ({
    type: 'presence:join',
    channel: `presence:${resource}`,
    payload: { meta },
  })

  it('takes a meta that fits, and keeps it as it came', async () => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    const meta = { typing: true, extra: 1 }
    expect(await client.request(join('room/1', meta))).toMatchObject({ type: 'reply' })
    expect(await server.presence.getPresent('room/1')).toMatchObject([{ devices: [{ meta }] }])
  })

  it('refuses a meta that does not, also of an update', async () => {
    const { server, url } = await serveShop()
    const client = await RawClient.greeted(url)
    const bad = await client.request(join('room/1', { typing: SECRET }))
    expect(bad).toMatchObject(refused([['typing']]))
    expect(JSON.stringify(bad)).not.toContain(SECRET)
    await client.request(join('room/1', { typing: true }))
    const update = { ...join('room/1', { typing: 1 }), type: 'presence:update' }
    expect(await client.request(update)).toMatchObject(refused([['typing']]))
    await client.request(join('desk', { typing: true }))
    expect(server.stats().refusals).toEqual({ 'bad-payload': 2, 'bad-channel': 1 })
    expect(
      await client.request({ type: 'presence:leave', channel: 'presence:room/1' }),
    ).toMatchObject({ type: 'reply' })
  })

  it('refuses a resource that the contract does not list', async () => {
    const { url } = await serveShop()
    const client = await RawClient.greeted(url)
    expect(await client.request(join('desk/1', { typing: true }))).toMatchObject({
      payload: { code: 'bad-channel' },
    })
  })
})

describe('a channel that the contract does not list', () => {
  const names = ['shop:1:2', 'shop:', 'till:1', '__proto__', 'agent:*']

  it('is refused before validateChannel is called', async () => {
    const asked: string[] = []
    const validateChannel = (name: string): boolean => {
      asked.push(name)
      return true
    }
    const { url } = await serveShop({ validateChannel, families: ['agent', 'shop'] })
    const client = await RawClient.greeted(url)
    const { payload } = await client.subscribe(...names, 'shop:1', 'shop:*', 'user:ada')
    expect(payload).toMatchObject({
      refused: Object.fromEntries(names.map((name) => [name, 'bad-channel'])),
    })
    expect(asked).toEqual(['shop:1', 'user:ada'])
    for (const name of names)
      expect(await client.request(publish(name, 'x', 1))).toMatchObject({
        payload: { code: 'bad-channel' },
      })
  })

  it('is let through where the server says so', async () => {
    const { url } = await serveShop({ unlisted: 'allow' })
    const client = await RawClient.greeted(url)
    expect((await client.subscribe('till:1')).payload).not.toHaveProperty('refused')
    expect(await client.request(publish('till:2', 'x', 1))).toMatchObject({ type: 'reply' })
    const join = { type: 'presence:join', channel: 'presence:desk', payload: { meta: 1 } }
    expect(await client.request(join)).toMatchObject({ type: 'reply' })
  })

  it('is no matter to a contract without channels', async () => {
    const { url } = await serve({ contract: contract({ requests: {} }), ...open })
    const client = await RawClient.greeted(url)
    expect((await client.subscribe('anything')).payload).not.toHaveProperty('refused')
  })
})

describe('a server that trusts its clients', () => {
  it('checks no value, but the names', async () => {
    const { server, url } = await serveShop({ validate: 'never' })
    server.handle('order:rate', (payload: unknown) => payload)
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'order:rate', payload: 'x' })).toMatchObject({
      payload: 'x',
    })
    await server.publish('shop:1', 'order', 'x')
    expect((await client.subscribe('till:1')).payload).toHaveProperty('refused')
  })
})

describe('hostile payloads', () => {
  it('lose their __proto__ before the schema sees them', async () => {
    const { server, url } = await serveShop()
    const seen: unknown[] = []
    server.handle('order:new', (payload: unknown) => {
      seen.push(payload)
    })
    const client = await RawClient.greeted(url)
    client.send('{"type":"order:new","requestId":"r","payload":{"__proto__":{"admin":true}}}')
    await client.next('reply')
    expect(seen[0]).not.toHaveProperty('admin')
    expect({}).not.toHaveProperty('admin')
  })

  it('cost one bounded refusal each, however many faults they have', async () => {
    const many = contract({
      requests: { many: { payload: z.record(z.string(), z.number()) } },
    })
    const { server, url } = await serve({ contract: many })
    server.handle('many', () => {})
    const client = await RawClient.greeted(url)
    const payload = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`${'k'.repeat(100)}${index}`, SECRET]),
    )
    const reply = await client.request({ type: 'many', payload })
    expect(reply).toMatchObject({ payload: { code: 'bad-payload' } })
    expect(JSON.stringify(reply).length).toBeLessThan(1_000)
  })

  it('count against the rate limit, like any message', async () => {
    const { server, url } = await serveShop({ limits: { messagesPerSecond: 5 } })
    server.handle('order:rate', () => {})
    const client = await RawClient.greeted(url)
    const codes: unknown[] = []
    for (let index = 0; index < 15; index++) {
      const { payload } = await client.request({ type: 'order:rate', payload: { stars: 0 } })
      codes.push((payload as { readonly code: string }).code)
    }
    expect(codes.filter((code) => code === 'bad-payload').length).toBeGreaterThanOrEqual(10)
    expect(codes).toContain('rate-limited')
    expect(server.stats().refusals['rate-limited']).toBeGreaterThan(0)
  })
})

describe('the log', () => {
  it('has the type and the path of a bad payload, without values', async () => {
    const lines: string[] = []
    const logger = (_area: string, message: string) => lines.push(message)
    const { server, url } = await serveShop({ logger })
    server.handle('order:cancel', () => {})
    const client = await RawClient.greeted(url)
    await client.request({
      type: 'order:cancel',
      payload: { id: { [SECRET]: SECRET }, at: SECRET },
    })
    await client.request(publish('shop:1', 'note', { text: [SECRET] }))
    await client.request({
      type: 'presence:join',
      channel: 'presence:room/1',
      payload: { meta: { typing: SECRET } },
    })
    expect(lines).toEqual(
      expect.arrayContaining([
        'request order:cancel does not fit at id, at',
        'publish note on shop:1 does not fit at text',
        'presence at room/1 does not fit at typing',
      ]),
    )
    expect(lines.join('\n')).not.toContain(SECRET)
  })
})

describe('options of a contract', () => {
  it.each([
    [{ contract: {} }, 'contract'],
    [{ contract: null }, 'contract'],
    [{ contract: shop, validate: 'client' }, 'validate'],
    [{ contract: shop, unlisted: 'deny' }, 'unlisted'],
  ])('are checked: %j', (options, option) => {
    // A caller in JavaScript.
    const make = () => createRealtimeServer(options as RealtimeServerOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'bad-option', detail: { option } }))
  })

  it('are none for a server without a contract', () => {
    expect(partsOf({}).checks).toBeUndefined()
    expect(partsOf({ contract: contract<{ channels: object }>() }).checks).toBeUndefined()
    expect(createRealtimeServer().lists('anything')).toBe(true)
  })
})
