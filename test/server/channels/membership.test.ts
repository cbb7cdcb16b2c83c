import { describe, expect, it } from 'vitest'
import type {
  ChannelListener,
  ChannelManagerOptions,
  ChannelReceiver,
  Position,
  ServerDialect,
} from 'wirefold/server'
import { ChannelEvent, ChannelManager, MemoryBroker, nativeServer } from 'wirefold/server'
import type { Message } from '../raw-client.ts'

const event = (payload: number, position?: Position) =>
  new ChannelEvent('a', position, {
    source: 'a',
    type: 'n',
    json: JSON.stringify(payload),
    id: undefined,
    timestamp: 0,
  })
const at = (offset: number, epoch = 'e') => event(offset, { epoch, offset })
const pong = (epoch: string, offset: number) => ({
  type: 'pong',
  payload: { offsets: { a: [epoch, offset] } },
})

/** Joins a receiver to channel `a` of a broker whose events and positions the test sends. */
async function join(options: ChannelManagerOptions = {}, dialect: ServerDialect = nativeServer) {
  const { broker, listeners } = controlledBroker()
  const manager = new ChannelManager({ ...options, broker })
  const { receiver, sent } = recordingReceiver(dialect)
  const membership = await memberOf(manager, receiver)
  const listener = listeners[0]
  if (!listener) throw new Error('The manager did not subscribe to the broker.')
  return { manager, membership, sent, listener, offsets: () => sent.map(({ offset }) => offset) }
}

async function memberOf(manager: ChannelManager, receiver: ChannelReceiver) {
  const membership = await manager.join('a', receiver, () => {})
  if ('code' in membership) throw new Error(`The manager refused: ${membership.code}.`)
  return membership
}

function controlledBroker() {
  const listeners: ChannelListener[] = []
  const broker = new MemoryBroker()
  broker.subscribe = async (_, listener) => {
    listeners.push(listener)
    return () => {}
  }
  return { broker, listeners }
}

function recordingReceiver(dialect: ServerDialect) {
  const sent: Message[] = []
  const send = (text: string) => sent.push(JSON.parse(text))
  const receiver: ChannelReceiver = { dialect, user: null, send }
  return { receiver, sent }
}

describe('a membership', () => {
  it('holds live events until it delivers, and skips those up to its position', async () => {
    const { membership, listener, offsets } = await join()
    for (const offset of [1, 2, 3]) listener.event(at(offset))
    expect(offsets()).toEqual([])
    expect(membership.deliverFrom({ epoch: 'e', offset: 2 })).toBe(true)
    listener.event(at(4))
    expect(offsets()).toEqual([3, 4])
  })

  it('holds the last 1,000 events; the gap before them shows that there were more', async () => {
    const { membership, listener, offsets } = await join()
    for (let offset = 1; offset <= 1_003; offset++) listener.event(at(offset))
    expect(membership.deliverFrom({ epoch: 'e', offset: 0 })).toBe(false)
    expect([offsets()[0], offsets().length]).toEqual([4, 1_000])
  })

  it('sends the position before an event of another epoch, even if the offset is the next one', async () => {
    const { membership, listener, sent } = await join()
    membership.deliverFrom({ epoch: 'e', offset: 5 })
    listener.event(at(6, 'other'))
    expect(sent).toEqual([
      pong('other', 5),
      { type: 'n', channel: 'a', offset: 6, timestamp: 0, payload: 6 },
    ])
  })

  it('sends the previous offset after filtered events, but not after missing ones', async () => {
    const canReceive: ChannelManagerOptions['canReceive'] = (_, __, { payload }) =>
      Number(payload) % 2 === 0
    const { membership, listener, sent } = await join({ canReceive })
    membership.deliverFrom({ epoch: 'e', offset: 1 })
    // 6, 7 and 12 are missing.
    for (const offset of [2, 3, 4, 5, 8, 9, 10, 11, 13, 14]) listener.event(at(offset))
    expect(sent.map(({ offset, prev }) => [offset, prev])).toEqual([
      [2, undefined],
      [4, 2],
      [8, undefined],
      [10, 8],
      [14, 12],
    ])
  })

  it('delivers an event without a position at once, and keeps its own position', async () => {
    const { membership, listener, offsets } = await join()
    listener.event(event(0))
    membership.deliverFrom({ epoch: 'e', offset: 1 })
    listener.event(event(0))
    listener.event(at(2))
    expect(offsets()).toEqual([undefined, undefined, 2])
  })

  it('sends the newest position of its channel if that is ahead or of another epoch', async () => {
    const { membership, listener, sent } = await join()
    membership.deliverFrom({ epoch: 'e', offset: 5 })
    listener.broken({ epoch: 'e', offset: 5 })
    // A position behind ours is older than an event that already arrived.
    listener.broken({ epoch: 'e', offset: 4 })
    expect(sent).toEqual([])
    listener.broken({ epoch: 'e', offset: 6 })
    listener.broken({ epoch: 'other', offset: 5 })
    expect(sent).toEqual([pong('e', 6), pong('other', 5)])
  })

  it('compares a position with its own only after the held events', async () => {
    const { membership, listener, sent } = await join()
    listener.event(at(6))
    listener.broken({ epoch: 'e', offset: 6 })
    membership.deliverFrom({ epoch: 'e', offset: 5 })
    expect(sent.map(({ type }) => type)).toEqual(['n'])
  })

  it('sends a position that came while events were held, after them', async () => {
    const { membership, listener, sent } = await join()
    listener.event(at(6))
    listener.broken({ epoch: 'other', offset: 0 })
    membership.deliverFrom({ epoch: 'e', offset: 5 })
    expect(sent.slice(1)).toEqual([pong('other', 0)])
  })
})

describe('the position of a subscribed receiver', () => {
  it('is reported once after each change, and not while missed events are read', async () => {
    const broker = new MemoryBroker()
    const manager = new ChannelManager({ broker })
    const { receiver } = recordingReceiver(nativeServer)
    await manager.subscribe(receiver, { requestId: '1', channels: ['a'] })
    expect(manager.moved(receiver)).toBeUndefined()
    const position = await manager.publish('a', 'n')
    const read = broker.since.bind(broker)
    let whileReading: unknown = 'not read'
    broker.since = async (channel, since) => {
      whileReading = manager.moved(receiver)
      return read(channel, since)
    }
    const since = new Map([['a', position]])
    await manager.subscribe(receiver, { requestId: '2', channels: ['a'], since })
    expect(whileReading).toBeUndefined()
    expect(manager.moved(receiver)).toBeUndefined()
    for (const _ of [2, 3]) await manager.publish('a', 'n')
    expect(manager.moved(receiver)).toEqual(new Map([['a', { ...position, offset: 3 }]]))
    expect(manager.moved(receiver)).toBeUndefined()
  })
})

describe('a channel event', () => {
  it('is encoded once for all members of a dialect', async () => {
    let encoded = 0
    const dialect: ServerDialect = {
      ...nativeServer,
      encodeEvent: (outgoing) => {
        encoded += 1
        return nativeServer.encodeEvent(outgoing)
      },
    }
    const { broker, listeners } = controlledBroker()
    const manager = new ChannelManager({ broker })
    const members = Array.from({ length: 100 }, async () => {
      const { receiver, sent } = recordingReceiver(dialect)
      const membership = await memberOf(manager, receiver)
      membership.deliverFrom({ epoch: 'e', offset: 0 })
      return sent
    })
    const received = await Promise.all(members)
    listeners[0]?.event(at(1))
    expect(encoded).toBe(1)
    expect(received.map((sent) => sent.map(({ offset }) => offset))).toEqual(
      received.map(() => [1]),
    )
  })
})
