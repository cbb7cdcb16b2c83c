import { describe, expect, it } from 'vitest'
import type { ServerDialect } from 'wirefold/server'
import { ChannelEvent, nativeServer } from 'wirefold/server'
import type { OutgoingEvent } from '../../../src/protocol/server-frame.ts'
import { Membership } from '../../../src/server/channels/membership.ts'

const at = (offset: number, epoch = 'e') =>
  new ChannelEvent(
    'a',
    { epoch, offset },
    { source: 'a', type: 'n', json: undefined, id: undefined, timestamp: 0 },
  )

const partsOf = (
  dialect: ServerDialect,
  receives: (event: ChannelEvent) => boolean,
  send: (text: string) => void,
) => ({ receiver: { dialect, user: null, send }, receives, leave() {}, revoked() {} })

function make(dialect: ServerDialect = nativeServer, receives = (_: ChannelEvent) => true) {
  const offsets: number[] = []
  const send = (text: string) => offsets.push(JSON.parse(text).offset)
  return { offsets, membership: new Membership(partsOf(dialect, receives, send)) }
}

describe('a membership', () => {
  it('holds live events until settle(), and skips those up to its position', () => {
    const { offsets, membership } = make()
    for (const offset of [1, 2, 3]) membership.take(at(offset))
    expect(offsets).toEqual([])
    membership.deliverFrom({ epoch: 'e', offset: 2 })
    membership.take(at(4))
    expect(offsets).toEqual([3, 4])
    expect(membership.position).toMatchObject({ epoch: 'e', offset: 4 })
  })

  it('holds the last 1,000 events; the gap before them shows that there were more', () => {
    const { offsets, membership } = make()
    for (let offset = 1; offset <= 1_003; offset++) membership.take(at(offset))
    membership.deliverFrom({ epoch: 'e', offset: 0 })
    expect([offsets[0], offsets.length]).toEqual([4, 1_000])
  })

  it('continues in another epoch, and sends its position', () => {
    const { offsets, membership } = make()
    membership.deliverFrom({ epoch: 'e', offset: 1 })
    membership.take(at(1, 'other'))
    // The first frame is a pong, which has no offset.
    expect(offsets).toEqual([undefined, 1])
    expect(membership.moved()).toEqual({ epoch: 'other', offset: 1 })
  })

  it('reports a changed position once, and not while events are held', () => {
    const { membership } = make()
    expect(membership.moved()).toBeUndefined()
    membership.deliverFrom({ epoch: 'e', offset: 1 })
    expect(membership.moved()).toBeUndefined()
    membership.take(at(2))
    membership.hold()
    expect(membership.moved()).toBeUndefined()
    membership.deliverFrom({ epoch: 'e', offset: 2 })
    expect(membership.moved()).toBeUndefined()
    for (const offset of [3, 4]) membership.take(at(offset))
    expect(membership.moved()).toEqual({ epoch: 'e', offset: 4 })
    expect(membership.moved()).toBeUndefined()
  })

  it('sends the previous offset after filtered events, but not after missing ones', () => {
    const sent: [number, number | undefined][] = []
    const send = (text: string) => {
      const { offset, prev } = JSON.parse(text)
      sent.push([offset, prev])
    }
    const receives = ({ offset = 0 }: ChannelEvent) => offset % 2 === 0
    const membership = new Membership(partsOf(nativeServer, receives, send))
    membership.deliverFrom({ epoch: 'e', offset: 1 }, 0)
    // 6, 7 and 12 are missing.
    for (const offset of [2, 3, 4, 5, 8, 9, 10, 11, 13, 14]) membership.take(at(offset))
    expect(sent).toEqual([
      [2, 0],
      [4, 2],
      [8, undefined],
      [10, 8],
      [14, 12],
    ])
  })
})

describe('a channel event', () => {
  it('is encoded once for all members of a dialect', () => {
    const written: OutgoingEvent[] = []
    const dialect: ServerDialect = {
      ...nativeServer,
      encodeEvent: (event) => {
        written.push(event)
        return nativeServer.encodeEvent(event)
      },
    }
    const members = Array.from({ length: 100 }, () => make(dialect))
    const event = at(1)
    for (const { membership } of members) {
      membership.deliverFrom({ epoch: 'e', offset: 0 })
      membership.take(event)
    }
    expect(written).toHaveLength(1)
    expect(members.map(({ offsets }) => offsets)).toEqual(members.map(() => [1]))
  })

  describe('compared with the newest position', () => {
    const pongWith = (epoch: string, offset: number) => ({
      type: 'pong',
      payload: { offsets: { a: [epoch, offset] } },
    })

    function recording() {
      const sent: unknown[] = []
      const send = (text: string) => sent.push(JSON.parse(text))
      const receives = () => true
      const membership = new Membership(partsOf(nativeServer, receives, send))
      return { sent, membership }
    }

    it('sends a position that is ahead or in another epoch', () => {
      const { sent, membership } = recording()
      membership.deliverFrom({ epoch: 'e', offset: 5 })
      membership.compare('a', { epoch: 'e', offset: 5 })
      // A position behind ours is older than an event that already arrived.
      membership.compare('a', { epoch: 'e', offset: 4 })
      expect(sent).toEqual([])
      membership.compare('a', { epoch: 'e', offset: 6 })
      membership.compare('a', { epoch: 'other', offset: 5 })
      expect(sent).toEqual([pongWith('e', 6), pongWith('other', 5)])
    })

    it('waits for settle() and the held events', () => {
      const { sent, membership } = recording()
      membership.take(at(6))
      membership.compare('a', { epoch: 'e', offset: 6 })
      membership.deliverFrom({ epoch: 'e', offset: 5 })
      expect(sent).toEqual([{ type: 'n', channel: 'a', offset: 6, timestamp: 0 }])
      membership.hold()
      membership.compare('a', { epoch: 'other', offset: 0 })
      membership.deliverFrom({ epoch: 'e', offset: 6 })
      expect(sent.slice(1)).toEqual([pongWith('other', 0)])
    })

    it('sends the position before an event of another epoch, even if the offset is the next one', () => {
      const { sent, membership } = recording()
      membership.deliverFrom({ epoch: 'e', offset: 5 })
      membership.take(at(6, 'other'))
      expect(sent).toEqual([
        pongWith('other', 5),
        { type: 'n', channel: 'a', offset: 6, timestamp: 0 },
      ])
    })
  })

  it('delivers an event without a position at once, and keeps its own', () => {
    const { offsets, membership } = make()
    const unpositioned = new ChannelEvent('a', undefined, {
      source: 'a',
      type: 'n',
      json: undefined,
      id: undefined,
      timestamp: 0,
    })
    membership.take(unpositioned)
    membership.deliverFrom({ epoch: 'e', offset: 1 })
    membership.take(unpositioned)
    membership.take(at(2))
    expect(offsets).toEqual([undefined, undefined, 2])
    expect(membership.position).toEqual({ epoch: 'e', offset: 2 })
  })
})
