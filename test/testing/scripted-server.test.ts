import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, native, PresenceManager, RealtimeClient } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { duui, processChannel } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { engineIo, sessionChannel, socketio, withAcks } from 'wirefold/dialects/socketio'
import { streamsDialect } from 'wirefold/dialects/streams'
import {
  topics,
  withConfirmations,
  withErrors,
  withInitialTopics,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import { nativeServer } from 'wirefold/server'
import type { MakeServerDialect, ScriptedServerOptions } from 'wirefold/testing'
import { ManualClock, ScriptedServer, serverHalves } from 'wirefold/testing'
import { outcomeOf } from '../support/scripted.ts'

function served(
  dialect: DialectFactory,
  half: MakeServerDialect,
  { url = 'ws://test/ws', ...script }: Partial<ScriptedServerOptions> & { url?: string } = {},
  options: ClientOptions = {},
) {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock, dialect: half, ...script })
  const client = new RealtimeClient(url, {
    transport: server.transport,
    clock,
    dialect,
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  return { clock, server, client, channels, errors }
}

const streams = streamsDialect({
  clients: () => [{ name: 'chat', stream: 'stream:1:chat', strategy: 'streams' }],
})

/** Where a dialect reads its channel, and how its client reads the payload `{n: 1}`. */
const dialects = {
  entity: { dialect: entity, half: serverHalves.entity, channel: 'entity:Task' },
  topics: {
    dialect: withErrors(withConfirmations(topics)),
    half: serverHalves.topics,
    channel: 'agent:1',
  },
  'topics, versioned': {
    dialect: withErrors(withVersionedEnvelope(withConfirmations(topics))),
    half: serverHalves.topics,
    channel: 'agent:1',
  },
  streams: { dialect: streams, half: serverHalves.streams, channel: 'stream:1:chat' },
  duui: {
    dialect: duui,
    half: serverHalves.duui,
    channel: processChannel('42'),
    url: 'ws://test/ws/processes/42/events',
    type: 'event',
  },
} as const

describe('a scripted server', () => {
  for (const [name, { dialect, half, channel, ...rest }] of Object.entries(dialects)) {
    it(`publishes to a client of the ${name} dialect, before and after a lost connection`, async () => {
      const url = 'url' in rest ? rest.url : undefined
      const type = 'type' in rest ? rest.type : 'task:moved'
      const parts = served(dialect, half, url === undefined ? {} : { url })
      const payloads: unknown[] = []
      parts.channels.subscribe(channel, (payload) => payloads.push(payload))
      await parts.clock.advance(100)
      expect(parts.client.state.get().name).toBe('open')
      const payload = { process_id: '42', context: { kind: 'process' }, n: 1 }
      parts.server.publish(channel, type, payload)
      await parts.clock.advance(0)
      parts.server.drop()
      await parts.clock.advance(5_000)
      parts.server.publish(channel, type, { ...payload, n: 2 })
      await parts.clock.advance(0)
      expect(payloads).toMatchObject([{ n: 1 }, { n: 2 }])
      expect(parts.errors).toEqual([])
      parts.client.close()
    })
  }

  it('answers and refuses requests and subscribes of a client of an entity backend', async () => {
    const answer = (type: string, payload: unknown) => {
      if (type === 'task:move') return { moved: payload }
      throw new Error('FORBIDDEN')
    }
    const refuse = (channel: string) => (channel === 'entity:Secret' ? 'forbidden' : undefined)
    const { clock, client, channels } = served(entity, serverHalves.entity, { answer, refuse })
    const moved = outcomeOf(client.request('task:move', 7))
    const refused = outcomeOf(client.request('task:drop', 7))
    const secret = outcomeOf(channels.subscribe('entity:Secret', () => {}).ready)
    await clock.advance(100)
    expect(moved).toEqual({ value: { moved: 7 } })
    expect(refused.error).toMatchObject({ detail: { message: 'FORBIDDEN' } })
    expect(secret.error).toMatchObject({ detail: { code: 'forbidden' } })
    client.close()
  })

  it('subscribes a client of a topics backend to the topics of its address', async () => {
    const dialect = withInitialTopics(withErrors(withConfirmations(topics)), ['thread:7'])
    const { clock, client, server } = served(dialect, serverHalves.topics)
    await Promise.all([client.connect(), clock.advance(100)])
    expect([...server.subscribed]).toEqual(['system', 'thread:7'])
    client.close()
  })

  it('acknowledges the requests of a client over Socket.IO', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({
      clock,
      dialect: serverHalves.socketio,
      answer: (type) => `${type} done`,
    })
    const client = new RealtimeClient('ws://test/', {
      ...engineIo(server.transport),
      dialect: withAcks(engineIo(server.transport).dialect),
      clock,
    })
    const payloads: unknown[] = []
    const channels = new ChannelSubscriber(client)
    channels.subscribe(sessionChannel('1'), (payload) => payloads.push(payload))
    const answer = outcomeOf(client.request('start', { n: 1 }))
    await clock.advance(1_000)
    server.publish(sessionChannel('1'), 'progress', { progress: 40 })
    await clock.advance(0)
    expect(answer).toEqual({ value: 'start done' })
    expect(payloads).toMatchObject([{ progress: 40 }])
    client.close()
  })

  it('serves several clients, each with the channels of its own subscribes', async () => {
    const { clock, server, client, channels } = served(entity, serverHalves.entity)
    const other = new RealtimeClient('ws://test/', {
      ...{ transport: server.transport, clock, dialect: entity },
    })
    const got: string[] = []
    channels.subscribe('a', () => got.push('first a'))
    const others = new ChannelSubscriber(other)
    others.subscribe('a', () => got.push('second a'))
    others.subscribe('b', () => got.push('second b'))
    await clock.advance(100)
    server.publish('a', 'x', 1)
    server.publish('b', 'x', 1)
    await clock.advance(0)
    expect(got).toEqual(['first a', 'second a', 'second b'])
    client.close()
    other.close()
  })

  it('sends nothing of a channel to a connection that is not subscribed', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock })
    const got: unknown[] = []
    const handlers = { opened() {}, message: (data: unknown) => got.push(data), closed() {} }
    const near = server.transport.open('ws://test/', [], handlers)
    await clock.advance(0)
    server.publish('news', 'said', 1)
    await clock.advance(0)
    expect(got).toEqual([])
    near.send('{"type":"subscribe","requestId":"r","payload":{"channels":["news"]}}')
    await clock.advance(0)
    server.publish('news', 'said', 2)
    await clock.advance(0)
    expect(got).toHaveLength(2)
  })

  it('takes any other server dialect, and sends its frames', async () => {
    const renamed = { ...nativeServer, decode: (wire: unknown) => nativeServer.decode([wire]) }
    const { clock, server, client } = served(native, () => renamed)
    await Promise.all([client.connect(), clock.advance(0)])
    server.sendFrame({ kind: 'goaway', deadlineMs: 1_000, windowMs: 0, reason: 'update' })
    await clock.advance(1_000)
    expect(server.transport.ends).toHaveLength(2)
    expect(client.state.get().name).toBe('open')
    client.close()
  })

  it('refuses what it cannot read', async () => {
    const { clock, server, client } = served(entity, serverHalves.entity)
    await Promise.all([client.connect(), clock.advance(0)])
    const answers: unknown[] = []
    const { last } = server.transport
    const { send } = last
    last.send = (data) => {
      answers.push(data)
      send(data)
    }
    last.onMessage?.('no JSON')
    last.onMessage?.('[]')
    expect(answers).toHaveLength(1)
    expect(String(answers[0])).toContain('not JSON')
    client.close()
  })

  it.each([
    ['native', native, serverHalves.native],
    ['entity', entity, serverHalves.entity],
  ] as const)(
    'awaits a promise that answers a request of the %s dialect',
    async (_, dialect, half) => {
      const answer = async (type: string) => {
        if (type === 'bad') throw new Error('FORBIDDEN')
        return [1, 2]
      }
      const { clock, client } = served(dialect, half, { answer })
      const [good, bad] = [
        outcomeOf(client.request('good', 1)),
        outcomeOf(client.request('bad', 1)),
      ]
      await clock.advance(100)
      expect(good).toEqual({ value: [1, 2] })
      expect(bad.error).toMatchObject({ detail: { message: 'FORBIDDEN' } })
      client.close()
    },
  )

  it('sends no answer of a promise that settles while it is silent', async () => {
    const { clock, server, client } = served(native, serverHalves.native, {
      answer: () => new Promise((resolve) => clock.after(500, () => resolve(1))),
    })
    const answer = outcomeOf(client.request('get', 1, { timeoutMs: 2_000 }))
    await clock.advance(100)
    server.silent = true
    await clock.advance(5_000)
    expect(answer.error).toMatchObject({ code: 'request-timeout' })
    client.close()
  })

  it('lets no session join whose join a promise refuses', async () => {
    const presenceOf = async (answer: ScriptedServerOptions['answer']) => {
      const { clock, server, channels, client } = served(entity, serverHalves.entity, {
        ...(answer && { answer }),
      })
      const presence = new PresenceManager(channels)
      outcomeOf(presence.enter('doc').ready)
      await clock.advance(1_000)
      const subscribed = [...server.subscribed]
      client.close()
      return subscribed
    }
    const refusing = () => {
      throw new Error('FORBIDDEN')
    }
    expect(await presenceOf(async () => null)).toEqual(await presenceOf(() => null))
    expect(await presenceOf(async () => refusing())).toEqual(await presenceOf(refusing))
  })

  it('delivers through a family, with the offsets of the family, and replays there', async () => {
    const { clock, server, channels, client } = served(native, serverHalves.native)
    const got: unknown[] = []
    channels.subscribe('room:*', (n, { channel, via, offset }) =>
      got.push([n, channel, via, offset]),
    )
    await clock.advance(100)
    server.publish('room:1', 'said', 'a')
    server.publish('other:1', 'said', 'x')
    await clock.advance(0)
    server.drop()
    server.publish('room:2', 'said', 'b')
    await clock.advance(5_000)
    server.publish('room:1', 'said', 'c')
    await clock.advance(0)
    expect(got).toEqual([
      ['a', 'room:1', 'room:*', 1],
      ['b', 'room:2', 'room:*', 2],
      ['c', 'room:1', 'room:*', 3],
    ])
    client.close()
  })

  it('says that its Socket.IO half serves sessions only', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock, dialect: serverHalves.socketio })
    const client = new RealtimeClient('ws://test/', {
      ...engineIo(server.transport),
      dialect: socketio({ join: 'join', leave: 'leave', room: 0 }),
      clock,
    })
    new ChannelSubscriber(client).subscribe('room', () => {})
    await clock.advance(1_000)
    expect(() => server.publish('room', 'said', 1)).toThrow(
      'serverHalves.socketio serves sessions only, and not events of the channel room. Play a server of rooms with a ScriptedPeer.',
    )
    client.close()
  })
})
