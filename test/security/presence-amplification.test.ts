import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import type { Broker, RealtimeServerOptions } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { asFields } from '../../src/protocol/fields.ts'
import type { Message } from '../server/raw-client.ts'
import { RawClient } from '../server/raw-client.ts'
import { connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

const room = 'room'
const channel = `presence:${room}`
const DEVICES = 100
const ROUNDS = 6

const authenticate: RealtimeServerOptions['authenticate'] = ({ token }) =>
  token ? { id: token } : null

const bytesOf = (texts: readonly string[]) =>
  texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0)

/** A message of a device whose meta is just within 4 KiB. */
const said = (action: 'join' | 'update', device: number, round: number): Message => ({
  type: `presence:${action}`,
  channel,
  payload: { meta: { device, round, text: 'x'.repeat(4_000) } },
})

/** One user with a hundred devices of 4 KiB each updates every device six times. */
async function churn(broker: Broker, options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const { server, url } = await serve({ broker, clock, authenticate, ...options })
  const published = 400
  for (let n = 0; n < published; n++) {
    await server.publish(`chat:${n % 40}`, 'said', { n, text: 'y'.repeat(1_000) })
    if (n % 10 === 0) await server.publish(channel, 'said', { n })
  }
  const watcher = await RawClient.greeted(url, { token: 'ben', clientId: 'watcher' })
  await watcher.subscribe(channel)
  await watcher.next('presence:sync')
  const { client } = connect(url, { auth: () => 'eva' })
  const users = new PresenceManager(new ChannelSubscriber(client)).of(room)
  users.subscribe(() => {})
  await client.connect()
  const devices: RawClient[] = []
  for (let n = 0; n < DEVICES; n++) {
    devices.push(await RawClient.greeted(url, { token: 'anna', clientId: `device ${n}` }))
  }
  const sent: string[] = []
  const before = bytesOf(watcher.frames)
  const say = async (action: 'join' | 'update', round: number) => {
    const answers = devices.map((device, n) => {
      const message = said(action, n, round)
      sent.push(JSON.stringify(message))
      return device.request(message)
    })
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ type: 'reply' })
    }
    await clock.advance(667)
  }
  await say('join', 0)
  for (let round = 1; round <= ROUNDS; round++) await say('update', round)
  const last = (seen: readonly { readonly devices: readonly { readonly meta?: unknown }[] }[]) =>
    (seen[0]?.devices ?? []).map(({ meta }) => [asFields(meta).device, asFields(meta).round])
  const expected = Array.from({ length: DEVICES }, (_, n) => [n, ROUNDS]).sort()
  await until(() => expect(last(users.get()).sort()).toEqual(expected))
  // The watcher's users equal the server's, device by device and in order.
  expect(users.get().map(({ devices: list }) => list.map(({ id }) => id))).toEqual(
    (await server.presence.getPresent(room)).map(({ devices: list }) => list.map(({ id }) => id)),
  )
  await until(() =>
    expect(watcher.texts.filter((text) => text.includes('"type":"presence:'))).toHaveLength(
      DEVICES * (ROUNDS + 1),
    ),
  )
  return {
    url,
    published,
    sentBytes: bytesOf(sent),
    watchedBytes: bytesOf(watcher.frames) - before,
  }
}

/** Resumes every channel with events of the application from its beginning; returns what came. */
async function replayed(url: string, broker: Broker) {
  const late = await RawClient.greeted(url, { token: 'late', clientId: 'late' })
  const numbers: unknown[] = []
  for (const name of [...Array.from({ length: 40 }, (_, n) => `chat:${n}`), channel]) {
    const { epoch, offset } = await broker.head(name)
    const answer = await late.request({
      type: 'subscribe',
      payload: { since: [[epoch, [name, 0]]] },
    })
    expect(asFields(answer.payload).gaps, name).toBe(undefined)
    const at = () => late.texts.map((text): Message => JSON.parse(text))
    await until(() => expect(at().some((event) => event.offset === offset)).toBe(true))
    for (const event of at()) {
      if (event.type === 'said') numbers.push([event.channel, asFields(event.payload).n])
    }
    late.texts.length = 0
  }
  return numbers
}

const stories = (name: string, make: () => Promise<Broker>, options: RealtimeServerOptions = {}) =>
  it(`S16 a hundred devices of a user cost a watcher what they send: ${name}`, async () => {
    const broker = await make()
    const { url, published, sentBytes, watchedBytes } = await churn(broker, options)
    expect(sentBytes).toBeGreaterThan(2_800_000)
    expect(watchedBytes).toBeGreaterThan(sentBytes * 0.9)
    expect(watchedBytes).toBeLessThan(sentBytes * 1.2)
    expect(await replayed(url, broker)).toHaveLength(published + published / 10)
  })

describe('in memory', () => {
  stories('memory', async () => new MemoryBroker())

  it('S16 changes of presence evict no events of the application', async () => {
    const broker = new MemoryBroker()
    const { presence } = broker
    const json = JSON.stringify('x'.repeat(1024 * 1024 - 2))
    const event = { type: 'said', json, id: undefined, timestamp: 1 }
    // The least recently used channel is the first to lose its events.
    for (let n = 0; n < 60; n++) await broker.publish([`chat ${n % 3}`], { ...event, source: 'a' })
    const lease = { lastSeen: 1, ttlMs: 60_000 }
    for (let n = 0; n < 20_000; n++) {
      const claim = { resource: `room ${n % 50}`, userId: 'anna', device: 'tab', owner: 'tab' }
      const meta = JSON.stringify(`${n}`.padEnd(4_000, 'x'))
      await presence.join({ ...claim, meta }, lease)
    }
    for (const name of ['chat 0', 'chat 1', 'chat 2']) {
      const { epoch } = await broker.head(name)
      const { complete, events } = await broker.since(name, { epoch, offset: 0 })
      expect([complete, events.length]).toEqual([true, 20])
    }
    // And its own history is bounded: 16 MiB in all.
    let held = 0
    for (let n = 0; n < 50; n++) {
      const { epoch, offset } = await broker.head(`presence:room ${n}`)
      for (let from = 0; from < offset; from++) {
        const slice = await broker.since(`presence:room ${n}`, { epoch, offset: from })
        if (!slice.complete) continue
        held += slice.events.reduce((bytes, { json = '' }) => bytes + json.length + 300, 0)
        break
      }
    }
    expect(held).toBeGreaterThan(15 * 1024 * 1024)
    expect(held).toBeLessThanOrEqual(16 * 1024 * 1024)
  })
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()
  // Redis counts rates by its own clock, which a test cannot set.
  const limits = { perUser: { presenceBytesPerSecond: Number.POSITIVE_INFINITY } }
  stories('streams', () => bench.broker({ prefix: bench.prefix() }), { limits })
})

describe('beyond a limit', () => {
  async function made(broker: Broker, options: RealtimeServerOptions = {}) {
    const clock = new ManualClock()
    const served = await serve({ broker, clock, authenticate, ...options })
    const client = (token: string, clientId: string) =>
      RawClient.greeted(served.url, { token, clientId })
    const join = (meta?: unknown, of = channel) => ({
      ...{ type: 'presence:join', channel: of, payload: { meta } },
    })
    return { ...served, clock, client, join }
  }

  it('S16 a join is refused by the number of devices, and the client names the limit', async () => {
    const broker = new MemoryBroker({ presence: { userDevices: 1, resourceDevices: 2 } })
    const { client, join, url, server } = await made(broker)
    const refused = (limit: string, most: number) => ({
      type: 'error',
      payload: { code: 'subscription-limit', retryable: false, details: { limit, most } },
    })
    const [one, two] = [await client('anna', '1'), await client('anna', '2')]
    expect(await one.request(join())).toMatchObject({ type: 'reply' })
    expect(await two.request(join())).toMatchObject(refused('userDevices', 1))
    expect(await (await client('ben', '3')).request(join())).toMatchObject({ type: 'reply' })
    expect(await (await client('eva', '4')).request(join())).toMatchObject(
      refused('resourceDevices', 2),
    )
    const { client: own } = connect(url, { auth: () => 'ida' })
    const here = new PresenceManager(new ChannelSubscriber(own)).enter(room)
    await expect(here.ready).rejects.toMatchObject({
      code: 'subscription-limit',
      detail: { details: { limit: 'resourceDevices', most: 2 } },
    })
    // The member that was refused holds nothing: it may join elsewhere, and is no member here.
    expect(await two.request({ ...join(), type: 'presence:update' })).toMatchObject({
      payload: { code: 'not-present' },
    })
    await one.request({ type: 'presence:leave', channel })
    expect(await two.request(join())).toMatchObject({ type: 'reply' })
    expect((await server.presence.getPresent(room)).map(({ id }) => id)).toEqual(['ben', 'anna'])
  })

  it('S16 a join or update is refused by its bytes, and the member keeps its meta', async () => {
    const { client, join, server } = await made(
      new MemoryBroker({ presence: { userBytes: 3_000, resourceBytes: 5_000 } }),
    )
    const refused = (limit: string, most: number) => ({
      type: 'error',
      payload: { code: 'too-large', retryable: false, details: { limit, most } },
    })
    const anna = await client('anna', '1')
    expect(await anna.request(join('a'))).toMatchObject({ type: 'reply' })
    const update = { ...join('x'.repeat(2_900)), type: 'presence:update' }
    expect(await anna.request(update)).toMatchObject(refused('userBytes', 3_000))
    expect(await server.presence.getPresent(room)).toMatchObject([{ meta: 'a' }])
    const fits = { ...join('x'.repeat(2_800)), type: 'presence:update' }
    expect(await anna.request(fits)).toMatchObject({ type: 'reply' })
    const ben = await client('ben', '2')
    expect(await ben.request(join('x'.repeat(2_800)))).toMatchObject(
      refused('resourceBytes', 5_000),
    )
    expect(await ben.request(join('x'.repeat(2_800), 'presence:other'))).toMatchObject({
      type: 'reply',
    })
  })

  it('S16 joins and updates count for their user by what they cost, on all connections', async () => {
    const limits = { perUser: { presenceBytesPerSecond: 5_000 } }
    const { client, join, clock } = await made(new MemoryBroker(), { limits })
    const devices = [await client('anna', '1'), await client('anna', '2')] as const
    for (const device of devices) {
      expect(await device.request(join('x'.repeat(4_000)))).toMatchObject({ type: 'reply' })
    }
    const update = { ...join('y'.repeat(4_000)), type: 'presence:update' }
    const answer = await devices[0].request(update)
    expect(answer).toMatchObject({
      type: 'error',
      payload: { code: 'rate-limited', retryable: true },
    })
    const waitMs = Number(asFields(answer.payload).retryAfterMs)
    // 8,000 and some of 10,000 bytes are taken; 4,000 and some come in half a second.
    expect(waitMs).toBeGreaterThan(400)
    expect(waitMs).toBeLessThan(700)
    // A leave, and another user, are not refused.
    expect(await (await client('ben', '3')).request(join('x'.repeat(4_000)))).toMatchObject({
      type: 'reply',
    })
    expect(await devices[1].request({ type: 'presence:leave', channel })).toMatchObject({
      type: 'reply',
    })
    await clock.advance(waitMs)
    expect(await devices[0].request(update)).toMatchObject({ type: 'reply' })
  })
})
