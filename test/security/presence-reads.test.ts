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

const channel = 'presence:room'
const DEVICES = 30
const META = 'x'.repeat(4_000)
/** Size of a list of all devices, roughly; the burst of the budget is a little more than one. */
const LIST_BYTES = DEVICES * 4_050
const PER_SECOND = 64_000

const authenticate: RealtimeServerOptions['authenticate'] = ({ token }) =>
  token ? { id: token } : null
const subscribe = (...channels: string[]) => ({ type: 'subscribe', payload: { channels } })

/** A broker whose reads of presence are counted. */
function counted(broker: Broker) {
  const reads = { count: 0 }
  const present = broker.presence.present.bind(broker.presence)
  broker.presence.present = (resource) => {
    reads.count++
    return present(resource)
  }
  return reads
}

/** A server and a resource with devices of 4 kB each. */
async function crowded(broker: Broker, options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const limits = { perUser: { presenceBytesPerSecond: PER_SECOND } }
  const served = await serve({ broker, clock, authenticate, limits, ...options })
  for (let n = 0; n < DEVICES; n++) {
    const member = { userId: `member ${n % 3}`, device: `device ${n}` }
    for (const resource of ['room', 'lobby', 'hall']) {
      await served.server.presence.join(resource, member, META)
    }
  }
  const client = (token?: string) => RawClient.greeted(served.url, { token })
  return { ...served, clock, client, reads: counted(broker) }
}

/** Subscribes again and again on five connections; returns the bytes and the kinds of what came. */
async function flood(connections: readonly RawClient[], rounds: number) {
  const before = connections.map(({ frames }) => frames.length)
  for (let round = 0; round < rounds; round++) {
    for (const connection of connections) connection.send(repeated(`r ${round}`))
  }
  const frames = () => connections.flatMap((one, n) => one.frames.slice(before[n]))
  const parsed = () => frames().flatMap((frame): Message[] => [JSON.parse(frame)].flat())
  const of = (type: string) => parsed().filter((message) => message.type === type)
  await until(() => expect(of('subscribed')).toHaveLength(connections.length * rounds))
  const granted = of('subscribed').filter(({ payload }) => !asFields(payload).refused).length
  await until(() => expect(of('presence:sync')).toHaveLength(granted))
  const waits = of('subscribed').map(({ payload }) => waitIn(payload))
  return {
    granted,
    bytes: frames().reduce((bytes, frame) => bytes + Buffer.byteLength(frame), 0),
    waits: waits.filter((ms) => ms !== undefined).map(Number),
  }
}

const repeated = (requestId: string) => ({ ...subscribe(channel), requestId })
const waitIn = (payload: unknown) => asFields(asFields(payload).waits)[channel]

const five = async (client: () => Promise<RawClient>) =>
  Promise.all(Array.from({ length: 5 }, client))

describe('in memory', () => {
  it('S16 a flood of subscribes to presence gets what the budget allows, and reads no more', async () => {
    const crowd = await crowded(new MemoryBroker())
    const hostile = await five(() => crowd.client('eva'))
    let bytes = 0
    let granted = 0
    const seconds = 10
    for (let second = 0; second < seconds; second++) {
      const got = await flood(hostile, 10)
      bytes += got.bytes
      granted += got.granted
      if (second === 0) {
        // The burst allows one list whole; the second one is a debt.
        expect(got.granted).toBe(2)
        expect(Math.max(...got.waits)).toBeGreaterThan(1_500)
        expect(Math.max(...got.waits)).toBeLessThan(2_500)
      }
      await crowd.clock.advance(1_000)
    }
    expect(crowd.reads.count).toBe(granted)
    const refusals = seconds * 50 * 300
    expect(bytes).toBeLessThan(2 * PER_SECOND + seconds * PER_SECOND + LIST_BYTES + refusals)
    // Another user is not refused.
    const [ben] = await Promise.all([crowd.client('ben')])
    expect(await flood([ben], 1)).toMatchObject({ granted: 1 })
  })

  it('S16 a subscribe to many channels reads one after the other, within the budget', async () => {
    const crowd = await crowded(new MemoryBroker())
    const eva = await crowd.client('eva')
    const { payload } = await eva.subscribe(channel, 'presence:lobby', 'presence:hall', 'chat')
    expect(payload).toMatchObject({
      refused: { 'presence:hall': 'rate-limited' },
      waits: { 'presence:hall': expect.any(Number) },
    })
    expect(crowd.reads.count).toBe(2)
  })

  it('S16 the missed events of a resumed presence channel count, too', async () => {
    const crowd = await crowded(new MemoryBroker())
    const { epoch } = await crowd.server.channels.head(channel)
    const eva = await crowd.client('eva')
    const resume = { type: 'subscribe', payload: { since: [[epoch, [channel, 0]]] } }
    let refused = 0
    for (let n = 0; n < 10; n++) {
      eva.send({ ...resume, requestId: `r${n}` })
      const answer = (texts: readonly string[]) =>
        texts.map((text): Message => JSON.parse(text)).find((one) => one.requestId === `r${n}`)
      await until(() => expect(answer(eva.texts)).toBeDefined())
      if (asFields(answer(eva.texts)?.payload).refused) refused++
    }
    expect(refused).toBe(8)
  })

  it('S16 anonymous connections count for their address, or else for themselves', async () => {
    const options = { authenticate: () => null, clientAddress: () => '203.0.113.7' }
    const shared = await crowded(new MemoryBroker(), options)
    expect(await flood(await five(() => shared.client()), 4)).toMatchObject({ granted: 2 })
    const local = await crowded(new MemoryBroker(), { authenticate: () => null })
    expect(await flood(await five(() => local.client()), 4)).toMatchObject({ granted: 10 })
  })

  it('S16 what a receiver may not see is read, and counts', async () => {
    const crowd = await crowded(new MemoryBroker(), { canSee: () => false })
    const hostile = await five(() => crowd.client('eva'))
    expect(await flood(hostile, 4)).toMatchObject({ granted: 2 })
  })

  it('S16 a client that resumes several presence channels gets all of them', async () => {
    const crowd = await crowded(new MemoryBroker())
    const { client } = connect(crowd.url, { auth: () => 'eva' })
    const presence = new PresenceManager(new ChannelSubscriber(client))
    const users = ['room', 'lobby', 'hall'].map((resource) => presence.of(resource))
    for (const one of users) one.subscribe(() => {})
    await client.connect()
    const complete = () =>
      expect(users.map((one) => one.get().flatMap(({ devices }) => devices).length)).toEqual(
        users.map(() => DEVICES),
      )
    await until(async () => {
      await crowd.clock.advance(500)
      complete()
    })
    crowd.server.disconnectUser('eva', { code: 1012 })
    await until(() => expect(client.state).not.toBe('ready'))
    await crowd.server.presence.join('room', { userId: 'late' }, META)
    await until(async () => {
      await crowd.clock.advance(500)
      expect(users[0]?.get().map(({ id }) => id)).toContain('late')
    })
  })
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()

  it('S16 a flood of subscribes gets one list beyond the budget, on each server', async () => {
    const prefix = bench.prefix()
    // Redis counts rates by its own clock: with this rate, no bucket refills during a test.
    const limits = { perUser: { presenceBytesPerSecond: 10 } }
    const crowd = await crowded(await bench.broker({ prefix }), { limits })
    const got = await flood(await five(() => crowd.client('eva')), 30)
    expect(got.granted).toBe(1)
    expect(crowd.reads.count).toBe(1)
    expect(got.bytes).toBeLessThan(LIST_BYTES + 150 * 300)
    const other = await bench.broker({ prefix })
    const reads = counted(other)
    const { url } = await serve({ broker: other, authenticate, limits })
    const eva = await RawClient.greeted(url, { token: 'eva' })
    expect(await flood([eva], 5)).toMatchObject({ granted: 0 })
    expect(reads.count).toBe(0)
  })
})
