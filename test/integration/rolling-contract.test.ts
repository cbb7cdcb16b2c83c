import { expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { contract } from 'wirefold/contract'
import type { RealtimeServer } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { z } from 'zod'
import { RawClient } from '../server/raw-client.ts'
import { balanced, connect, serve, until } from '../support/live.ts'

const before = contract({
  channels: { 'shop:{id}': { order: z.object({ id: z.string() }) } },
  requests: { cancel: { payload: z.object({ id: z.string() }), reply: z.string() } },
})
/** A field, a type of event, a channel and a request more than {@link before}. */
const after = contract({
  channels: {
    'shop:{id}': {
      order: z.object({ id: z.string(), note: z.string().optional() }),
      refund: z.object({ id: z.string() }),
    },
    'till:{id}': { total: z.number() },
  },
  requests: {
    cancel: {
      payload: z.object({ id: z.string(), why: z.string().optional() }),
      reply: z.string(),
    },
    refund: { payload: z.object({ id: z.string() }) },
  },
})

/** Handles what both contracts have, and `refund` where it is given. */
function handle(server: RealtimeServer, name: string, refunds: boolean): void {
  server.handle('cancel', async ({ id }: { id: string }, { publish }) => {
    await publish('shop:1', 'order', { id })
    return name
  })
  if (!refunds) return
  server.handle('refund', async ({ id }: { id: string }, { publish }) => {
    await publish('shop:1', 'refund', { id })
  })
}

it('two versions of a contract serve side by side, and a client moves from one to the other', async () => {
  const broker = new MemoryBroker()
  const old = await serve({ contract: before, broker })
  const young = await serve({ contract: after, broker })
  handle(old.server, 'old', false)
  handle(young.server, 'young', true)
  const front = await balanced()
  front.backends.add(old.port)

  // A client of the old contract on the old server: there is no difference.
  const { client, errors } = connect(front.url, { contract: before, validate: 'always' })
  const differences: unknown[] = []
  client.on('contract', (difference) => differences.push(difference))
  const received: unknown[] = []
  new ChannelSubscriber(client).subscribe('shop:1', (payload, { type }) =>
    received.push([type, payload]),
  )
  expect(await client.request('cancel', { id: 'a' })).toBe('old')

  expect(differences).toEqual([])

  // A client of the new contract on each server: a difference on the old one, which is no error.
  const hello = { contract: after.fingerprint }
  const onOld = await RawClient.greeted(old.url, hello)
  const onYoung = await RawClient.greeted(young.url, hello)
  expect(old.server.stats().contractDifferences).toBe(1)
  expect(young.server.stats().contractDifferences).toBe(0)

  // More fields than the old contract has: its schema takes them, and they travel.
  const more = { id: 'b', note: 'new' }
  const publish = { type: 'publish', channel: 'shop:1', payload: { type: 'order', payload: more } }
  expect(await onOld.request(publish)).toMatchObject({ type: 'reply' })
  expect(await onOld.request({ type: 'cancel', payload: { id: 'c', why: 'x' } })).toMatchObject({
    payload: 'old',
  })

  // An event of a type that only one side has reaches the clients of both servers.
  expect(await onYoung.request({ type: 'refund', payload: { id: 'd' } })).toMatchObject({
    type: 'reply',
  })
  const unknown = { type: 'refund', payload: { id: 'e' } }
  expect(await onOld.request({ ...publish, payload: unknown })).toMatchObject({ type: 'reply' })
  expect(old.server.stats().unlistedTypes).toBe(1)

  // A request and a channel that only one side has are refused by the other, and by nothing else.
  expect(await onOld.request({ type: 'refund', payload: { id: 'f' } })).toMatchObject({
    payload: { code: 'unknown-type' },
  })
  expect((await onOld.subscribe('till:1')).payload).toMatchObject({
    refused: { 'till:1': 'bad-channel' },
  })
  expect((await onYoung.subscribe('till:1')).payload).not.toHaveProperty('refused')

  // The old server leaves; its client of the old contract moves, and misses nothing.
  front.backends.delete(old.port)
  front.backends.add(young.port)
  const drained = old.server.drain({ deadlineMs: 5_000, windowMs: 10 })
  await until(() => expect(young.server.connections()).toHaveLength(2))
  await drained
  expect(await client.request('cancel', { id: 'g' })).toBe('young')
  await until(() => expect(received).toHaveLength(4))
  expect(received).toEqual(['a', 'b', 'c', 'g'].map((id) => ['order', { id }]))
  // What its contract does not have is counted, and so is no event that it could miss.
  expect(client.stats()).toMatchObject({ unlisted: 2, quarantined: 0 })
  expect(differences).toEqual([{ client: before.fingerprint, server: after.fingerprint }])
  expect(errors).toEqual([])
})

it('the welcome names the contract of the server, and a client without one is no difference', async () => {
  const { server, url } = await serve({ contract: before })
  const welcome = async (hello: object) => {
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: hello })
    return (await client.next('welcome')).payload
  }
  expect(await welcome({})).toMatchObject({ contract: before.fingerprint })
  await welcome({ contract: before.fingerprint })
  await welcome({ contract: 7 })
  expect(server.stats().contractDifferences).toBe(0)
  await welcome({ contract: '0'.repeat(16) })
  expect(server.stats().contractDifferences).toBe(1)
})

it('a server without a contract, or with one of types alone, names none and sees no difference', async () => {
  for (const options of [{}, { contract: contract<{ channels: object }>() }]) {
    const { server, url } = await serve(options)
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: { contract: before.fingerprint } })
    expect((await client.next('welcome')).payload).not.toHaveProperty('contract')
    expect(server.stats().contractDifferences).toBe(0)
  }
})

it('a contract of types compares the fingerprint that it was given', async () => {
  const typed = contract<{ channels: object }>({ fingerprint: '2026-11' })
  const { server, url } = await serve({ contract: typed })
  const client = await RawClient.open(url)
  client.send({ type: 'hello', payload: { contract: '2026-10' } })
  expect((await client.next('welcome')).payload).toMatchObject({ contract: '2026-11' })
  expect(server.stats().contractDifferences).toBe(1)
})

it('a client gets the paths of what the server refuses', async () => {
  const { server, url } = await serve({ contract: before })
  handle(server, 'old', false)
  const { client } = connect(url)
  const refused = { code: 'bad-payload', detail: { details: { paths: [['id']] } } }
  await expect(client.request('cancel', { id: 7 })).rejects.toMatchObject(refused)
  await expect(client.publish('shop:1', 'order', { id: 7 })).rejects.toMatchObject(refused)
  await expect(client.request('cancel', { id: 'a' })).resolves.toBe('old')
})
