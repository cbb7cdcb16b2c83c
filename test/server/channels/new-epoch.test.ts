import { describe, expect, it } from 'vitest'
import type { Authorize, Broker, CanReceive } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { RawClient, serve } from '../raw-client.ts'

interface Limits {
  readonly history?: { readonly channelBytes: number }
}

interface Subscribed {
  readonly at: Readonly<Record<string, [epoch: string, offset: number]>>
  readonly gaps?: readonly string[]
}

/** Publishes three events on channel `a`; event n has the offset n. */
async function published(broker: Broker, payload = 'text') {
  let grant: ReturnType<Authorize> = true
  let canReceive: CanReceive = () => true
  const { server, url } = await serve({
    broker,
    authorize: () => grant,
    canReceive: (...what) => canReceive(...what),
  })
  for (const n of [1, 2, 3]) await server.publish('a', `n${n}`, payload)
  const head = await broker.head('a')
  /** Resumes at a position; returns the reply and the events. */
  const resume = async (epoch = 'lost', offset = 7, known?: RawClient, channel = 'a') => {
    const client = known ?? (await RawClient.greeted(url))
    const since = [[epoch, [channel, offset]]]
    const { payload: reply } = await client.request({ type: 'subscribe', payload: { since } })
    const { at, gaps } = reply as Subscribed
    const events = await client.settled()
    return {
      client,
      at: at[channel],
      gaps,
      got: events.map(({ type }) => type),
      follow: events.map(({ prev, offset }) => prev ?? Number(offset) - 1),
    }
  }
  return {
    server,
    url,
    head,
    epoch: head.epoch,
    resume,
    grant: (answer: typeof grant) => {
      grant = answer
    },
    filter: (rule: CanReceive) => {
      canReceive = rule
    },
  }
}

function rules(make: (limits?: Limits) => Promise<Broker>) {
  it('has a gap, then all events of the present epoch', async () => {
    const { resume, epoch } = await published(await make())
    for (const offset of [0, 2, 7]) {
      const { at, gaps, got, follow } = await resume('lost', offset)
      expect({ at, gaps }).toEqual({ at: [epoch, 0], gaps: ['a'] })
      expect({ got, follow }).toEqual({ got: ['n1', 'n2', 'n3'], follow: [0, 1, 2] })
    }
  })

  it('has a gap before the first event of the present epoch', async () => {
    const broker = await make()
    const { resume } = await published(broker)
    const { epoch } = await broker.head('b')
    const { at, gaps, got } = await resume('lost', 7, undefined, 'b')
    expect({ at, gaps, got }).toEqual({ at: [epoch, 0], gaps: ['b'], got: [] })
  })

  it('gets live events after them, each once, and resumes in the present epoch', async () => {
    const { resume, server, epoch } = await published(await make())
    const { client } = await resume()
    await server.publish('a', 'n4')
    expect(await client.next('n4')).toMatchObject({ offset: 4 })
    const again = await resume(epoch, 3)
    expect(again).toMatchObject({ at: [epoch, 4], gaps: undefined, got: ['n4'] })
  })

  it('gets all events also if it is subscribed already', async () => {
    const { resume, epoch } = await published(await make())
    const { client } = await resume(epoch, 3)
    expect(await resume('lost', 7, client)).toMatchObject({
      at: [epoch, 0],
      gaps: ['a'],
      got: ['n1', 'n2', 'n3'],
    })
  })

  it('gets no events where the history no longer has the first', async () => {
    const broker = await make({ history: { channelBytes: 2_500 } })
    const { resume, epoch } = await published(broker, 'x'.repeat(1_000))
    expect((await broker.since('a', { epoch, offset: 2 })).complete).toBe(true)
    expect(await resume()).toMatchObject({ at: [epoch, 3], gaps: ['a'], got: [] })
  })

  it('gets only the events that it may have', async () => {
    const { resume, filter, epoch } = await published(await make())
    filter((_, __, { type }) => type !== 'n1' && type !== 'n2')
    expect(await resume()).toMatchObject({ at: [epoch, 0], gaps: ['a'], got: ['n3'], follow: [0] })
  })

  it('gets only the events since its grant', async () => {
    const { resume, grant, epoch } = await published(await make())
    grant({ since: { epoch, offset: 2 } })
    expect(await resume()).toMatchObject({ at: [epoch, 2], gaps: ['a'], got: ['n3'], follow: [2] })
    for (const since of [new Date(8e15), { epoch: 'lost', offset: 0 }]) {
      grant({ since })
      expect(await resume()).toMatchObject({ at: [epoch, 3], gaps: ['a'], got: [] })
    }
    grant({ since: new Date(0) })
    expect(await resume()).toMatchObject({ at: [epoch, 0], gaps: ['a'], got: ['n1', 'n2', 'n3'] })
  })

  it('gets the newest position where the epoch changes again meanwhile', async () => {
    const broker = await make()
    const { resume } = await published(broker)
    const head = { epoch: 'third', offset: 9 }
    const read = broker.since.bind(broker)
    broker.since = async (name, position) =>
      position.epoch === 'lost' ? read(name, position) : { head, events: [], complete: false }
    expect(await resume()).toMatchObject({ at: ['third', 9], gaps: ['a'], got: [] })
  })

  it('gets a snapshot, and no earlier changes, on a presence channel', async () => {
    const broker = await make()
    const { resume } = await published(broker)
    const ada = { resource: 'board', userId: 'ada', device: 'd', owner: 'o', meta: undefined }
    await broker.presence.join(ada, { lastSeen: 0, ttlMs: 60_000 })
    const { offset } = await broker.head('presence:board')
    const back = await resume('lost', 7, undefined, 'presence:board')
    expect(back).toMatchObject({ at: [expect.anything(), offset], gaps: ['presence:board'] })
    expect(back.got).toEqual(['presence:sync'])
  })
}

describe('a client whose position is of another epoch, in memory', () =>
  rules(async (limits) => new MemoryBroker(limits)))

describeWithRedis('a client whose position is of another epoch, on Redis streams', async () => {
  const bench = await redisBench()
  rules((limits) => bench.broker({ prefix: bench.prefix(), ...limits }))
})

describeWithRedis('a client whose position is of another epoch, on Redis pub/sub', async () => {
  const bench = await redisBench()
  it('has a gap, and no events, since there is no history', async () => {
    const broker = await bench.broker({ prefix: bench.prefix(), strategy: 'pub-sub' })
    const { resume, epoch } = await published(broker)
    expect(await resume()).toMatchObject({ at: [epoch, 3], gaps: ['a'], got: [] })
  })
})
