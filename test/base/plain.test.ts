import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { shallowEqual } from '../../src/base/plain.ts'

describe('shallowEqual', () => {
  it('treats a value as equal to itself', () => {
    const nested = { list: [Number.NaN] }
    expect(shallowEqual(nested, nested)).toBe(true)
    expect(shallowEqual(1, 1)).toBe(true)
  })

  it('treats objects with the same values under the same keys as equal', () => {
    const list = [1]
    expect(shallowEqual({ a: 1, list }, { list, a: 1 })).toBe(true)
  })

  it('distinguishes objects by a value', () => {
    expect(shallowEqual({ a: 1 }, { a: 2 })).toBe(false)
    expect(shallowEqual({ a: 1 }, { a: '1' })).toBe(false)
  })

  it('distinguishes objects by the number of their keys, either way', () => {
    expect(shallowEqual({ a: 1 }, { a: 1, b: 2 })).toBe(false)
    expect(shallowEqual({ a: 1, b: 2 }, { a: 1 })).toBe(false)
  })

  it('distinguishes a key that is undefined from one that is missing', () => {
    expect(shallowEqual({ a: undefined }, {})).toBe(false)
    expect(shallowEqual({ a: undefined }, { b: undefined })).toBe(false)
    expect(shallowEqual({ a: undefined }, { a: undefined })).toBe(true)
  })

  it('treats NaN and nested objects as different', () => {
    expect(shallowEqual({ a: Number.NaN }, { a: Number.NaN })).toBe(false)
    expect(shallowEqual({ a: {} }, { a: {} })).toBe(false)
    expect(shallowEqual({ a: [] }, { a: [] })).toBe(false)
  })

  it('only compares plain objects and arrays', () => {
    expect(shallowEqual(new Map([['a', 1]]), new Map([['a', 2]]))).toBe(false)
    expect(shallowEqual(new Date(1), new Date(2))).toBe(false)
    expect(shallowEqual([1, 2], [1, 2])).toBe(true)
    expect(shallowEqual([1, 2], [1, 2, 3])).toBe(false)
    expect(shallowEqual(null, {})).toBe(false)
    expect(shallowEqual({}, undefined)).toBe(false)
  })

  test.prop([fc.dictionary(fc.string(), fc.integer()), fc.dictionary(fc.string(), fc.integer())])(
    'agrees with a comparison of all entries',
    (left, right) => {
      const same =
        Object.keys(left).length === Object.keys(right).length &&
        Object.entries(left).every(([key, value]) => right[key] === value)
      expect(shallowEqual({ ...left }, { ...right })).toBe(same)
      expect(shallowEqual({ ...left }, { ...left })).toBe(true)
    },
  )
})
