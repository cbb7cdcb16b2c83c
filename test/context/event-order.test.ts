import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { isBefore, sortKeyOf } from '../../src/context/event-order.ts'

function idIsBefore(id: string, other: string): boolean {
  const key = sortKeyOf('id', { id })
  const otherKey = sortKeyOf('id', { id: other })
  if (key === undefined || otherKey === undefined) throw new Error('An id has no sort key.')
  return isBefore(key, otherKey)
}

describe('an order', () => {
  it('by timestamp or offset uses that number only', () => {
    expect(sortKeyOf('timestamp', { timestamp: 7, offset: 1 })).toBe(7)
    expect(sortKeyOf('offset', { timestamp: 7, offset: 0 })).toBe(0)
    expect(isBefore(1, 2)).toBe(true)
    expect(isBefore(2, 2)).toBe(false)
  })

  it('has no sort key for events without the field', () => {
    expect(sortKeyOf('timestamp', {})).toBeUndefined()
    expect(sortKeyOf('timestamp', { timestamp: Number.NaN })).toBeUndefined()
    expect(sortKeyOf('offset', { timestamp: 1 })).toBeUndefined()
    expect(sortKeyOf('id', {})).toBeUndefined()
    expect(sortKeyOf('id', { id: 'no number' })).toBeUndefined()
    expect(sortKeyOf('id', { id: '' })).toBeUndefined()
  })

  it('compares the numbers at the end of ids, regardless of the text before', () => {
    expect(idIsBefore('process_9', 'process_10')).toBe(true)
    expect(idIsBefore('process_10', 'process_9')).toBe(false)
    expect(idIsBefore('z_9', 'a_10')).toBe(true)
    expect(idIsBefore('be0e51_010', 'be0e51_10')).toBe(false)
    expect(idIsBefore('be0e51_10', 'be0e51_010')).toBe(false)
  })

  it('compares <ms>-<seq> by both parts', () => {
    expect(idIsBefore('1768471200000-9', '1768471200000-10')).toBe(true)
    expect(idIsBefore('1768471200000-10', '1768471200001-0')).toBe(true)
    expect(idIsBefore('999-0', '1768471200000-0')).toBe(true)
    expect(idIsBefore('5', '5-1')).toBe(true)
    expect(idIsBefore('stream-5', 'stream-6')).toBe(true)
  })

  it('is exact for numbers beyond safe integers', () => {
    expect(idIsBefore('e_9007199254740992', 'e_9007199254740993')).toBe(true)
    expect(idIsBefore('18446744073709551614-0', '18446744073709551615-0')).toBe(true)
  })

  test.prop([
    fc.bigInt({ min: 0n }),
    fc.bigInt({ min: 0n }),
    fc.bigInt({ min: 0n }),
    fc.bigInt({ min: 0n }),
  ])('agrees with BigInt arithmetic', (ms, seq, otherMs, otherSeq) => {
    const before = ms < otherMs || (ms === otherMs && seq < otherSeq)
    expect(idIsBefore(`${ms}-${seq}`, `${otherMs}-${otherSeq}`)).toBe(before)
    expect(idIsBefore(`p_${ms}`, `p_${otherMs}`)).toBe(ms < otherMs)
  })

  it('reads a long id of a hostile peer in linear time', () => {
    const before = process.cpuUsage()
    sortKeyOf('id', { id: `${'1'.repeat(1_000_000)}x` })
    sortKeyOf('id', { id: `${'0'.repeat(1_000_000)}-${'1'.repeat(1_000_000)}` })
    const { user } = process.cpuUsage(before)
    // Far below the time of an algorithm that is quadratic in the number of digits.
    expect(user / 1_000).toBeLessThan(5_000)
  })
})
