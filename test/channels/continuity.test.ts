import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import { Continuity } from '../../src/channels/continuity.ts'

const event = (offset: number | undefined, more: Partial<EventFrame> = {}): EventFrame => ({
  ...{ kind: 'event', channel: 'a', type: 'x', payload: undefined, id: undefined, offset },
  ...{ prev: undefined, via: undefined, timestamp: undefined },
  ...more,
})

/** A channel that is live at an offset of epoch `e`. */
function at(offset: number): Continuity {
  const continuity = new Continuity()
  continuity.resumed({ epoch: 'e', offset }, false)
  return continuity
}

describe('continuity', () => {
  it('delivers events whose offsets rise by one, and drops earlier ones', () => {
    const continuity = at(5)
    expect([5, 6, 6, 7].map((offset) => continuity.judge(event(offset)))).toEqual([
      'drop',
      'deliver',
      'drop',
      'deliver',
    ])
    expect(continuity.position).toEqual({ epoch: 'e', offset: 7 })
  })

  it('uses the previous offset that the server sends with filtered events', () => {
    const continuity = at(5)
    expect(continuity.judge(event(9, { prev: 5 }))).toBe('deliver')
    expect(continuity.judge(event(12, { prev: 10 }))).toBe('missing')
    expect(continuity.judge(event(10))).toBe('deliver')
  })

  it('detects a gap, and delivers past one that the server cannot fill', () => {
    const continuity = at(5)
    expect(continuity.judge(event(8))).toBe('missing')
    expect(continuity.resumed(undefined, false)).toBeUndefined()
    expect(continuity.judge(event(8))).toBe('unfillable')
    expect(continuity.judge(event(9))).toBe('deliver')
    expect(continuity.judge(event(11))).toBe('missing')
  })

  it('distinguishes the four causes of a gap', () => {
    for (const [position, named, reason] of [
      [{ epoch: 'e', offset: 90 }, true, 'history-lost'],
      [{ epoch: 'f', offset: 90 }, false, 'epoch-changed'],
      [{ epoch: 'e', offset: 3 }, false, 'went-back'],
    ] as const) {
      const continuity = at(5)
      expect(continuity.resumed(position, named)).toBe(reason)
      expect(continuity.position).toEqual(position)
    }
    const continuity = at(5)
    expect(continuity.judge(event(6, { id: 'x' }))).toBe('deliver')
    expect(continuity.judge(event(6, { id: 'x' }))).toBe('drop')
    expect(continuity.judge(event(6, { id: 'y' }))).toBe('rewritten')
  })

  it('resumes at offset 0 as at any other', () => {
    const continuity = at(0)
    expect(continuity.position).toEqual({ epoch: 'e', offset: 0 })
    expect(continuity.resumed({ epoch: 'e', offset: 2 }, false)).toBeUndefined()
    expect(continuity.judge(event(1))).toBe('deliver')
    expect(continuity.judge(event(2))).toBe('deliver')
  })

  it('continues after a replay whose last events were filtered', () => {
    const continuity = at(5)
    continuity.resumed({ epoch: 'e', offset: 10 }, false)
    expect(continuity.judge(event(7, { prev: 5 }))).toBe('deliver')
    expect(continuity.judge(event(11))).toBe('deliver')
    expect(continuity.position).toEqual({ epoch: 'e', offset: 11 })
  })

  it('cannot detect gaps without positions, and reports that from the second subscribe on', () => {
    const continuity = new Continuity()
    expect(continuity.judge(event(undefined))).toBe('deliver')
    expect(continuity.position).toBeUndefined()
    expect(continuity.resumed(undefined, false)).toBeUndefined()
    expect(continuity.position).toBeUndefined()
    expect(continuity.resumed(undefined, false)).toBe('no-recovery')
  })

  it('differs from a server position that is ahead or behind', () => {
    const continuity = at(5)
    expect(continuity.differs({ epoch: 'e', offset: 5 })).toBe(false)
    expect(continuity.differs({ epoch: 'e', offset: 6 })).toBe(true)
    expect(continuity.differs({ epoch: 'e', offset: 4 })).toBe(true)
    expect(continuity.differs({ epoch: 'f', offset: 5 })).toBe(true)
    expect(new Continuity().differs({ epoch: 'e', offset: 6 })).toBe(false)
  })

  it('resubscribes once when an older event arrives, since its own position may be wrong', () => {
    const continuity = at(90)
    expect(continuity.judge(event(11))).toBe('missing')
    expect(continuity.resumed({ epoch: 'e', offset: 11 }, true)).toBe('went-back')
    expect(continuity.judge(event(12))).toBe('deliver')
    const right = at(90)
    expect(right.judge(event(11))).toBe('missing')
    expect(right.resumed(undefined, false)).toBeUndefined()
    expect([12, 13, 91].map((offset) => right.judge(event(offset)))).toEqual([
      'drop',
      'drop',
      'deliver',
    ])
  })

  test.prop([fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 100 }), fc.nat(10)])(
    'never delivers an event twice or out of order, for any arrivals',
    (offsets, start) => {
      const continuity = at(start)
      let last = start
      for (const offset of offsets) {
        const verdict = continuity.judge(event(offset))
        if (verdict === 'deliver') expect(offset).toBe(last + 1)
        if (verdict === 'unfillable') expect(offset).toBeGreaterThan(last + 1)
        if (verdict === 'deliver' || verdict === 'unfillable') last = offset
      }
    },
  )
})
