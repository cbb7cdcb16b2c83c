import { runInNewContext } from 'node:vm'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { Authorize, Broker, Position, ServerDialect } from 'wirefold/server'
import { ChannelManager, MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { nativeServer } from '../../../src/dialects/native/server.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import type { Message } from '../raw-client.ts'
import { RawClient, serve } from '../raw-client.ts'
import { partsOf } from '../wired.ts'

interface Subscribed {
  readonly at: Readonly<Record<string, [string, number]>>
  readonly refused?: Readonly<Record<string, string>>
  readonly gaps?: readonly string[]
}

/** Publishes five events on a channel, one a minute; event n has the payload n and the offset n. */
async function published(broker: Broker) {
  const clock = new ManualClock()
  const grants = new Map<string, unknown>()
  const authorize: Authorize = (_, channel) => (grants.get(channel) ?? true) as boolean
  const { server, url, errors } = await serve({ broker, clock, authorize })
  const times: Date[] = []
  let epoch = ''
  for (let n = 1; n <= 5; n++) {
    await clock.advance(60_000)
    times.push(new Date(clock.wall()))
    epoch = (await server.publish('a', 'n', n)).epoch
  }
  const at = (offset: number): Position => ({ epoch, offset })
  const time = (n: number) => times[n - 1] ?? new Date(Number.NaN)
  /** Resumes after an offset; returns the reply and the events. */
  const resume = async (offset: number, client?: RawClient) => {
    const subscriber = client ?? (await RawClient.greeted(url))
    const since = [[epoch, ['a', offset]]]
    const reply = await subscriber.request({ type: 'subscribe', payload: { since } })
    const events = await subscriber.settled()
    return { client: subscriber, ...read(reply), ...seen(events) }
  }
  return { broker, clock, grants, server, url, errors, epoch, at, time, resume }
}

function read({ payload }: Message) {
  const { at, gaps, refused } = payload as Subscribed
  return { at: at.a?.[1], gaps, refused: refused?.a }
}

/** Returns the payloads of events, and the offset that each one follows. */
function seen(events: readonly Message[]) {
  return {
    got: events.map(({ payload }) => payload),
    follow: events.map(({ prev, offset }) => prev ?? Number(offset) - 1),
  }
}

function rules(make: () => Promise<Broker>) {
  it('reaches back to its time, and names a gap', async () => {
    const { grants, resume, time } = await published(await make())
    grants.set('a', { since: time(4) })
    expect(await resume(0)).toMatchObject({ at: 3, gaps: ['a'], got: [4, 5], follow: [3, 4] })
  })

  it('reaches back to its position, and names a gap', async () => {
    const { grants, resume, at } = await published(await make())
    grants.set('a', { since: at(3) })
    expect(await resume(0)).toMatchObject({ at: 3, gaps: ['a'], got: [4, 5], follow: [3, 4] })
  })

  it('says nothing to a client that resumes later', async () => {
    const { grants, resume, at, time } = await published(await make())
    for (const since of [at(2), at(3), time(4)]) {
      grants.set('a', { since })
      expect(await resume(3)).toMatchObject({ at: 5, gaps: undefined, got: [4, 5] })
      expect(await resume(5)).toMatchObject({ at: undefined, gaps: undefined, got: [] })
    }
  })

  it('opens no history where it begins in the future, or in another one', async () => {
    const { grants, resume, at, time } = await published(await make())
    const other = { epoch: 'another', offset: 0 }
    for (const since of [new Date(time(5).getTime() + 1), at(5), at(6), other]) {
      grants.set('a', { since })
      expect(await resume(0)).toMatchObject({ at: 5, gaps: ['a'], got: [] })
      expect(await resume(5)).toMatchObject({ at: undefined, gaps: undefined, got: [] })
    }
  })

  it('holds for a client that is subscribed already, and resumes earlier', async () => {
    const { grants, resume, at, server } = await published(await make())
    grants.set('a', { since: at(5) })
    const { client } = await resume(5)
    expect(await resume(0, client)).toMatchObject({ at: 5, gaps: ['a'], got: [] })
    await server.publish('a', 'n', 6)
    expect(await client.next('n')).toMatchObject({ payload: 6, offset: 6 })
    expect(await resume(5, client)).toMatchObject({ at: 6, gaps: undefined, got: [6] })
  })

  it('hides nothing where the answer is true', async () => {
    const { resume } = await published(await make())
    expect(await resume(0)).toMatchObject({ at: 5, gaps: undefined, got: [1, 2, 3, 4, 5] })
  })

  it('does not hide who is present now', async () => {
    const { url, grants, broker } = await published(await make())
    const ada = { resource: 'board', userId: 'ada', device: 'd', owner: 'o', meta: undefined }
    await broker.presence.join(ada, { lastSeen: 0, ttlMs: 60_000 })
    grants.set('presence:board', { since: new Date(8e15) })
    const client = await RawClient.greeted(url)
    const { epoch } = await broker.head('presence:board')
    const since = [[epoch, ['presence:board', 0]]]
    const reply = await client.request({ type: 'subscribe', payload: { since } })
    expect(reply.payload).toMatchObject({ gaps: ['presence:board'] })
    const [sync, ...rest] = await client.settled()
    expect(sync).toMatchObject({ type: 'presence:sync', payload: { users: [{ id: 'ada' }] } })
    expect(rest).toEqual([])
  })
}

describe('a grant of a part of the past, in memory', () => rules(async () => new MemoryBroker()))

describeWithRedis('a grant of a part of the past, on Redis', async () => {
  const bench = await redisBench()
  rules(() => bench.broker({ prefix: bench.prefix() }))
})

describe('an answer of authorize to a subscribe', () => {
  it.each([
    ['no value', { since: undefined }],
    ['no field', {}],
    ['an invalid date', { since: new Date(Number.NaN) }],
    ['a number', { since: 0 }],
    ['a text', { since: '2026-01-01' }],
    ['a position without an epoch', { since: { offset: 1 } }],
    ['a position without an offset', { since: { epoch: 'e' } }],
    ['a negative offset', { since: { epoch: 'e', offset: -1 } }],
  ])('with %s as since refuses, and is reported once', async (_, answer) => {
    const { grants, resume, errors } = await published(new MemoryBroker())
    grants.set('a', answer)
    expect(await resume(0)).toMatchObject({ refused: 'forbidden', got: [] })
    expect(errors).toEqual([expect.objectContaining({ code: 'handler-failed' })])
    expect(String(errors[0])).toContain('authorize')
    expect(String(errors[0])).toContain('since')
  })

  it('may have a date of another realm as since', async () => {
    const { grants, resume, time } = await published(new MemoryBroker())
    grants.set('a', { since: runInNewContext(`new Date(${time(4).getTime()})`) })
    expect(await resume(0)).toMatchObject({ gaps: ['a'], got: [4, 5] })
  })

  it.each([
    Object.defineProperty({}, 'since', { get: unreadable }),
    new Proxy({}, { get: (_, name) => (name === 'since' ? unreadable() : undefined) }),
    { since: Object.defineProperty({}, 'epoch', { get: unreadable }) },
    { since: Object.assign(new Date(), { valueOf: unreadable, toString: unreadable }) },
  ])('that throws when it is read denies its channel alone: %#', async (answer) => {
    const { grants, url, errors } = await published(new MemoryBroker())
    grants.set('a', answer)
    const client = await RawClient.greeted(url)
    const { payload } = await client.subscribe('one', 'a', 'two')
    expect(payload).toMatchObject({
      at: { one: expect.anything(), two: expect.anything() },
      refused: { a: 'forbidden' },
    })
    expect(errors).toMatchObject([{ code: 'handler-failed', cause: { message: 'unreadable' } }])
    expect(await client.subscribe('three')).toMatchObject({ type: 'subscribed' })
  })

  it('with since allows no other action', async () => {
    const { grants, server, url } = await published(new MemoryBroker())
    server.handle('note', () => {})
    for (const channel of ['a', 'presence:a']) grants.set(channel, { since: new Date(0) })
    const client = await RawClient.greeted(url)
    for (const message of [
      { type: 'publish', channel: 'a', payload: { type: 'x' } },
      { type: 'note', channel: 'a' },
    ]) {
      expect(await client.request(message)).toMatchObject({ payload: { code: 'forbidden' } })
    }
  })

  it('is read when it is given: a Date that changes later changes nothing', async () => {
    const { grants, resume, time, broker } = await published(new MemoryBroker())
    const since = new Date(time(4))
    grants.set('a', { since })
    const read = broker.since.bind(broker)
    broker.since = (...what) => {
      since.setTime(0)
      return read(...what)
    }
    expect(await resume(0)).toMatchObject({ gaps: ['a'], got: [4, 5] })
  })
})

describe('a membership that a mount makes', () => {
  it('says from where on the mount may send the past', async () => {
    const since = new Date(5)
    const manager = new ChannelManager({ authorize: (_, name) => name === 'a' || { since } })
    const dialect: ServerDialect = nativeServer
    const receiver = { dialect, user: null, send: () => {} }
    expect(await manager.join('a', receiver, () => {})).toMatchObject({ since: undefined })
    expect(await manager.join('b', receiver, () => {})).toMatchObject({ since })
    await manager.close()
  })

  it('is the only way for a mount: a check of the right to subscribe denies', async () => {
    const { host } = partsOf({ authorize: (_, name) => name === 'a' || { since: new Date(5) } })
    expect(await host.authorize(null, 'a', 'subscribe')).toBe(true)
    expect(await host.authorize(null, 'b', 'subscribe')).toBe(false)
  })
})

describe('the events that a time allows', () => {
  test.prop([fc.array(fc.nat(20), { maxLength: 8 }), fc.nat(20), fc.nat(8)])(
    'are those after the last older one, however the clocks of publishers differ',
    async (stamps, bound, from) => {
      const broker = new MemoryBroker()
      const texts: Message[] = []
      const manager = new ChannelManager({ broker, authorize: () => ({ since: new Date(bound) }) })
      for (const timestamp of stamps) {
        await manager.append({ source: 'a', type: 'n', json: undefined, id: undefined, timestamp })
      }
      const head = await broker.head('a')
      const position = { epoch: head.epoch, offset: Math.min(from, head.offset) }
      const send = (text: string) => texts.push(JSON.parse(text))
      await manager.subscribe(
        { dialect: nativeServer, user: null, send: (text) => void send(text) },
        { requestId: 's', channels: ['a'], since: new Map([['a', position]]) },
      )
      const [reply = {}, ...events] = texts
      const missed = stamps.slice(position.offset)
      const older = missed.map((stamp) => stamp < bound).lastIndexOf(true) + 1
      expect(events.map(({ timestamp }) => timestamp)).toEqual(missed.slice(older))
      expect((reply.payload as Subscribed).gaps).toEqual(older ? ['a'] : undefined)
      await manager.close()
    },
  )
})

function unreadable(): never {
  throw new Error('unreadable')
}
