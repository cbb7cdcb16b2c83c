import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { Intent } from 'wirefold/dialects'
import {
  acknowledge,
  engineIoTransport,
  type SocketIoOptions,
  socketio,
} from 'wirefold/dialects/socketio'
import { type FarEnd, ManualClock, MemoryPair } from 'wirefold/testing'
import { outcomeOf } from '../../support/scripted.ts'

const OPEN =
  '0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'

/** A connected client against a far end that answers CONNECT, and what the test sends. */
async function connected(options: SocketIoOptions = {}, accept = '') {
  const clock = new ManualClock()
  const sent: unknown[] = []
  let connections = 0
  let far: FarEnd | undefined
  const pair = new MemoryPair({
    clock,
    onConnect(end) {
      far = end
      end.onMessage = (data) => {
        sent.push(data)
        if (data.startsWith('40{')) end.send(accept || `40{"sid":"s${++connections}"}`)
      }
      end.onBytes = (data) => sent.push([...data])
      queueMicrotask(() => clock.after(0, () => end.send(OPEN)))
    },
  })
  const client = new RealtimeClient('ws://host', {
    dialect: socketio(options),
    transport: engineIoTransport(pair),
    ...{ clock, random: () => 0.5 },
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const received: unknown[] = []
  const follow = (channel: string) =>
    channels.subscribe(channel, (payload, { type, id }) => {
      received.push(id === undefined ? [channel, type, payload] : [channel, type, payload, id])
    })
  client.connect().catch(() => {})
  await clock.advance(10)
  sent.length = 0
  const play = async (...packets: readonly unknown[]) => {
    for (const packet of packets) far?.send(packet)
    await clock.advance(1)
  }
  return { clock, client, channels, received, follow, sent, errors, play, far: () => far }
}

const bytes = (...values: readonly number[]) => Uint8Array.from(values).buffer
const malformed = { code: 'bad-frame' }

describe('rooms of a Socket.IO server', () => {
  it('are joined and left by functions, which may need no event', async () => {
    const { clock, sent, follow, channels, play } = await connected({
      prefix: 'task:',
      join: (room, params) => (room === 'open' ? undefined : ['watch', { id: room, params }]),
      leave: 'unwatch',
      room: 'task',
    })
    const received: unknown[] = []
    const one = channels.subscribe('task:1', (payload) => received.push(payload), {
      params: { since: 7 },
    })
    const open = follow('task:open')
    await clock.advance(1)
    expect(sent).toEqual(['420["watch",{"id":"1","params":{"since":7}}]'])
    expect([one, open].map(({ status }) => status.get().name)).toEqual(['pending', 'live'])
    await play('430[]', '42["done",{"task":"1"}]', '42["done",{"task":"2"}]', '42["done",7]')
    expect(received).toEqual([{ task: '1' }])
    one()
    await clock.advance(2)
    expect(sent.slice(1)).toEqual(['422["unwatch","1"]'])
  })

  it('are named by a function of the application', async () => {
    const { follow, received, play } = await connected({
      room: (event, [first]) => (event === 'to' ? String(first) : undefined),
    })
    follow('9')
    follow('socket')
    await play('42["to",9,"x"]', '42["other","9"]')
    expect(received).toEqual([
      ['9', 'to', [9, 'x']],
      ['socket', 'other', '9'],
    ])
  })

  it('are confirmed or refused by events of the server', async () => {
    const { clock, sent, follow, received, play } = await connected({
      ...{ join: 'join', leave: 'leave', room: 'room' },
      confirms: { joined: 'joined', refused: 'join failed' },
    })
    const one = follow('one')
    const two = follow('two')
    const refusal = outcomeOf(two.ready)
    await clock.advance(1)
    expect(sent).toEqual(['42["join","one"]', '42["join","two"]'])
    await play(
      '42["joined",{"room":"one","members":3}]',
      '42["join failed",{"room":"two","error":"full"}]',
    )
    expect(one.status.get().name).toBe('live')
    expect(refusal.error).toMatchObject({ code: 'full' })
    expect(received).toEqual([
      ['one', 'joined', { room: 'one', members: 3 }],
      ['two', 'join failed', { room: 'two', error: 'full' }],
    ])
    one()
    await clock.advance(2)
    expect(sent.slice(2)).toEqual(['42["leave","one"]'])
  })

  it('are live once they are joined, where the server confirms nothing', async () => {
    const { clock, sent, follow } = await connected({ join: 'join', confirms: 'none' })
    const one = follow('one')
    await clock.advance(1)
    expect([sent, one.status.get().name]).toEqual([['42["join","one"]'], 'live'])
  })

  it('take no parameters where no event joins them, and namespaces take none', () => {
    expect(socketio()().channelOf?.('room', {})).toBeUndefined()
    expect(socketio({ join: 'join' })().channelOf?.('room', {})).toBe('room')
    expect(socketio({ join: 'join' })().channelOf?.('/staff', {})).toBeUndefined()
  })
})

describe('recovery of a connection', () => {
  it('is asked for with the last offset that arrived as a whole, and never twice', async () => {
    const { clock, sent, follow, received, play, far, errors } = await connected(
      {},
      '40{"sid":"s","pid":"p1"}',
    )
    const one = follow('socket')
    await play('42["tick",1,"Q8MWi6u"]', '42["bare","Q8MWi6v"]', '42["words","two words"]')
    await play('42["short","abc"]', '427["asks","Q8MWi9z"]')
    // The attachment of this event is lost with the connection.
    await play('451-["blob",{"_placeholder":true,"num":0},"Q8MWi77"]')
    expect(received).toEqual([
      ['socket', 'tick', 1],
      ['socket', 'bare', undefined],
      ['socket', 'words', 'two words'],
      ['socket', 'short', 'abc'],
      ['socket', 'asks', 'Q8MWi9z', 'ack:s 7 '],
    ])
    far()?.close(1006)
    await clock.advance(20_000)
    expect(sent).toEqual(['40{"pid":"p1","offset":"Q8MWi6v"}'])
    expect(one.status.get().name).toBe('live')
    await play('451-["blob",{"_placeholder":true,"num":0},"Q8MWi77"]', bytes(1))
    expect(received.at(-1)).toEqual(['socket', 'blob', Uint8Array.of(1)])
    far()?.close(1006)
    await clock.advance(20_000)
    expect(sent.at(-1)).toBe('40{"pid":"p1","offset":"Q8MWi77"}')
    expect(errors).toEqual([])
  })

  it('ends with the session: after a close by the application the next one begins anew', async () => {
    const { clock, client, sent, play } = await connected({}, '40{"sid":"s","pid":"p1"}')
    await play('42["tick",1,"Q8MWi6u"]')
    client.close()
    client.connect().catch(() => {})
    await clock.advance(10)
    expect(sent).toEqual(['40{}'])
  })

  it('leaves the last argument alone where the server recovers nothing', async () => {
    const { follow, received, play } = await connected()
    follow('socket')
    await play('42["said","x","Q8MWi6u"]')
    expect(received).toEqual([['socket', 'said', ['x', 'Q8MWi6u']]])
  })
})

describe('acknowledgements of the server’s events', () => {
  it('carry the number and the namespace of the event, and go out once', async () => {
    const { clock, client, channels, sent, play, far, errors } = await connected()
    const events: Parameters<typeof acknowledge>[1][] = []
    channels.subscribe('socket', (_, event) => events.push(event))
    channels.subscribe('/staff', (_, event) => events.push(event))
    await clock.advance(1)
    await play('40/staff,{"sid":"t"}', '4211["first"]', '42/staff,12["second"]', '42["third"]')
    for (const event of events) await acknowledge(client, event, event.type)
    await acknowledge(client, { ...events[0], type: 'bytes' } as (typeof events)[0], bytes(5))
    await clock.advance(1)
    expect(sent).toEqual([
      ...[
        '40/staff,{}',
        '4311["first"]',
        '43/staff,12["second"]',
        '461-11[{"_placeholder":true,"num":0}]',
      ],
      [5],
    ])
    // A later connection has questions of its own.
    const [event] = events
    if (!event) throw new Error('No event came.')
    far()?.close(1006)
    await clock.advance(1)
    const outcome = outcomeOf(acknowledge(client, event, 'offline'))
    await clock.advance(20_000)
    expect(outcome.error).toMatchObject({ code: 'disconnected' })
    sent.length = 0
    await acknowledge(client, event, 'late')
    await clock.advance(1)
    expect(sent).toEqual([])
    expect(errors).toEqual([])
  })
})

describe('a namespace that does not answer', () => {
  it('lets a thousand messages wait, and refuses the rest', async () => {
    const { clock, client, sent, play } = await connected()
    const outcomes = Array.from({ length: 600 }, (_, at) =>
      outcomeOf(client.request('ask', at, { channel: '/slow' })),
    )
    await clock.advance(1)
    expect(sent).toEqual(['40/slow,{}'])
    const refused = outcomes.filter(({ error }) => error)
    expect(refused).toHaveLength(100)
    expect(refused[0]).toMatchObject({ error: { code: 'outbox-full' } })
    await play('40/slow,{"sid":"t"}')
    expect(sent.slice(1)).toEqual(
      Array.from({ length: 500 }, (_, at) => `42/slow,${at}["ask",${at}]`),
    )
  })

  it('refuses them without a reason, too', async () => {
    const { clock, client, play } = await connected()
    for (const answer of ['44/slow,', '44/slow,{}', '44/slow,{"message":""}', '41/slow,']) {
      const outcome = outcomeOf(client.request('ask', 1, { channel: '/slow' }))
      await clock.advance(1)
      await play(answer)
      const code = answer === '41/slow,' ? 'server-disconnect' : 'refused'
      expect(outcome.error).toMatchObject({ code })
    }
  })
})

describe('packets that no sound server sends', () => {
  it('are reported, and stop nothing', async () => {
    const { follow, received, play, errors, client } = await connected({ join: 'join', room: 0 })
    follow('socket')
    const odd = [
      '45',
      '451-',
      '451-["x"',
      '4511-["x"]',
      '4599999-["x"]',
      '46',
      '461-7',
      '43',
      '437',
      '42[]',
      '42[7]',
    ]
    await play(...odd, bytes(1), '42["tick"]')
    expect(errors.map((error) => Object(error).code)).toEqual(errors.map(() => 'bad-frame'))
    expect(errors.length).toBeGreaterThanOrEqual(odd.length - 2)
    expect(received).toEqual([['socket', 'tick', undefined]])
    expect(client.state.get().name).toBe('open')
  })

  it('announce more attachments than are allowed, or placeholders of none', async () => {
    const { follow, received, play, errors } = await connected()
    follow('socket')
    await play('4511-["many"]', bytes(1))
    expect(errors).toMatchObject([malformed, malformed])
    await play(
      '451-["blob",{"_placeholder":true,"num":7},{"_placeholder":true,"num":"0"}]',
      bytes(1),
    )
    expect(received).toEqual([['socket', 'blob', [undefined, undefined]]])
  })

  it('name a namespace that the client has not joined, whose attachments are dropped as well', async () => {
    const { follow, received, play, errors } = await connected()
    follow('socket')
    follow('/x')
    await play('40/y,{"sid":"t"}', '42/y,["said"]', '451-/y,["blob",{"_placeholder":true,"num":0}]')
    await play(bytes(1), '41/y,', '44/y,{"message":"no"}', '42["tick"]')
    expect(received).toEqual([['socket', 'tick', undefined]])
    expect(errors).toEqual([])
  })

  it('pollute no prototype', async () => {
    const { follow, received, play } = await connected()
    follow('socket')
    await play('451-["x",{"__proto__":{"a":1},"b":{"_placeholder":true,"num":0}}]', bytes(1))
    expect(received).toEqual([['socket', 'x', { b: Uint8Array.of(1) }]])
    expect(Object('').a).toBeUndefined()
  })
})

describe('the pings of the server', () => {
  it('are answered, and a server that stops them counts as lost', async () => {
    const { clock, client, sent, play } = await connected()
    await play('2')
    expect(sent).toEqual(['3'])
    await clock.advance(44_900)
    expect(client.state.get().name).toBe('open')
    await clock.advance(100)
    expect(client.state.get()).toMatchObject({
      reason: { code: 1006, reason: 'the peer gave no sign of life' },
    })
  })
})

describe('requests', () => {
  const at = { timestamp: 1, requestId: 'r' }
  const encode = (intent: Partial<Intent>, options?: SocketIoOptions) =>
    socketio(options)().encode({ ...at, ...intent } as Intent)

  it('put the room of their channel where events name it', () => {
    const request = { kind: 'request', type: 'say', payload: 'hi', channel: 'r' } as const
    const wireOf = (options: SocketIoOptions) => encode(request, options)?.[0]?.wire
    expect(wireOf({ room: 0 })).toEqual([[2, 0, '', '0'], 'say', 'r', 'hi'])
    expect(wireOf({ room: 1 })).toEqual([[2, 0, '', '0'], 'say', 'hi', 'r'])
    expect(wireOf({ room: 'room' })).toEqual([[2, 0, '', '0'], 'say', 'hi'])
    expect(wireOf({})).toEqual([[2, 0, '', '0'], 'say', 'hi'])
  })

  it('cannot have the names of reserved Socket.IO events', () => {
    for (const type of ['connect', 'connect_error', 'disconnect', 'newListener']) {
      expect(encode({ kind: 'request', type, payload: 1, channel: undefined })).toBeUndefined()
    }
  })

  it('with a payload that refers to itself are refused as bad payloads', async () => {
    const { clock, client } = await connected()
    const circle: Record<string, unknown> = {}
    circle.circle = circle
    const outcome = outcomeOf(client.request('save', circle))
    await clock.advance(1)
    expect(outcome.error).toMatchObject({ code: 'bad-payload' })
  })

  it('with more binary values than a server reads are refused, and end nothing', async () => {
    const { clock, client, sent } = await connected()
    const many = (count: number) => Array.from({ length: count }, () => bytes(1))
    const refused = outcomeOf(client.request('save', many(11)))
    await clock.advance(1)
    expect(refused.error).toMatchObject({
      code: 'unsupported',
      message: 'The socketio backend does not support more than 10 binary values.',
    })
    expect(sent).toEqual([])
    void client.request('save', many(10)).catch(() => {})
    await clock.advance(1)
    expect(sent).toHaveLength(11)
  })

  it('leave no half of a packet behind when their attachments are not sent', async () => {
    const clock = new ManualClock()
    const pair = new MemoryPair({ clock })
    const transport = engineIoTransport(pair).open('ws://host', [], {
      opened() {},
      message() {},
      closed() {},
    })
    await clock.advance(1)
    pair.last.send(OPEN)
    await clock.advance(1)
    const head = '[[2,2,"",""],"file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    transport.send(head)
    transport.send(bytes(1))
    transport.send('["save"]')
    transport.send(head)
    transport.send(bytes(2))
    transport.send(bytes(3))
    await clock.advance(1)
    expect(pair.last.received).toEqual([
      '42["save"]',
      '452-["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    ])
    expect(pair.last.receivedBytes).toEqual([Uint8Array.of(2), Uint8Array.of(3)])
  })
})
