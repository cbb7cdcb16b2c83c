import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  eventFrame,
  type Frame,
  noticeFrame,
  type PeerFields,
  pingFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
  welcomeFrame,
} from 'wirefold/dialects'
import { wrongField } from '../../src/testing/suites/frame-shapes.ts'

/** Each constructor, with all its fields of one odd value, and with all of them sound. */
const made: Readonly<Record<string, (odd?: unknown) => Frame>> = {
  eventFrame: (odd) =>
    eventFrame('room:1', 'said', {
      ...{ payload: odd, id: odd ?? 'a', offset: odd ?? 1, prev: odd ?? 0 },
      ...{ via: odd ?? 'room:*', timestamp: odd ?? 1 },
    }),
  replyFrame: (odd) => replyFrame(['r'], odd),
  refusalFrame: (odd) =>
    refusalFrame(['r'], {
      ...{ code: odd ?? 'forbidden', message: odd ?? 'No.', retryable: odd ?? true },
      ...{ retryAfterMs: odd ?? 5, details: odd },
    }),
  subscribedFrame: () => subscribedFrame(['r']),
  unsubscribedFrame: (odd) => unsubscribedFrame('room:1', { code: odd ?? 'forbidden' }),
  welcomeFrame: (odd) =>
    welcomeFrame({
      ...{ connectionId: odd ?? 'c', userId: odd ?? 'u', serverTime: odd ?? 1, tag: odd ?? 't' },
      heartbeatMs: odd ?? 1,
      limits: odd ?? { subscriptions: 1, frameBytes: 1, messagesPerSecond: 1, dedupeMs: 0 },
    }),
  pingFrame: (odd) => pingFrame(odd ?? 1),
  pongFrame: (odd) => pongFrame({ timestamp: odd ?? 1, serverTime: odd ?? 1 }, new Map()),
  noticeFrame: (odd) => noticeFrame('ignored', 'known', odd),
}

const odds: readonly unknown[] = [null, true, -1, 0.5, Number.NaN, 2 ** 60, '', 'x'.repeat(300), []]

describe.each(Object.entries(made))('%s', (_, make) => {
  it.each([undefined, ...odds, {}])('makes a valid frame of %o', (odd) => {
    expect(wrongField(make(odd))).toBe('')
  })

  it('gives every frame the same fields in the same order', () => {
    for (const odd of odds) expect(Object.keys(make(odd))).toEqual(Object.keys(make()))
  })
})

describe('the constructors of frames', () => {
  it('keep sound values', () => {
    expect(made.eventFrame?.()).toEqual({
      ...{ kind: 'event', channel: 'room:1', type: 'said', payload: undefined },
      ...{ id: 'a', offset: 1, prev: 0, via: 'room:*', timestamp: 1 },
    })
    expect(subscribedFrame(['r'], { gaps: ['room:1'] })).toEqual({
      ...{ kind: 'subscribed', to: ['r'], at: new Map(), refused: new Map(), gaps: ['room:1'] },
    })
    expect(pongFrame({ serverTime: 2 })).toEqual({
      ...{ kind: 'pong', timestamp: undefined, serverTime: 2, offsets: undefined },
    })
  })

  it('name the channel of a refusal only where one is given', () => {
    const fields = { code: 'forbidden', channel: 'forged' }
    expect(refusalFrame([], fields).error).not.toHaveProperty('channel')
    expect(refusalFrame([], fields, 'room:1').error).toMatchObject({ channel: 'room:1' })
    expect(unsubscribedFrame('room:1', fields).error).toMatchObject({ channel: 'room:1' })
  })

  it('reject misspelt fields at compile time', () => {
    // @ts-expect-error: it is called `payload`
    eventFrame('room:1', 'said', { data: 1 })
    // @ts-expect-error: the keys are texts
    replyFrame([1], undefined)
    // @ts-expect-error: it is called `message`
    refusalFrame([], { reason: 'No.' })
    expectTypeOf<Record<string, unknown>>().toExtend<PeerFields<'payload'>>()
  })
})
