import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { asJson } from '../../src/contract/as-json.ts'

const read = (value: unknown): unknown => asJson(value, () => JSON.stringify(value))

describe('a value as its receiver reads it', () => {
  it('is itself if it holds only what JSON has', () => {
    const value = { a: [1, 'x', null, { b: true }], c: {} }
    expect(read(value)).toBe(value)
  })

  const others = [
    [{ at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    [new Map([[1, 2]]), {}],
    [
      [undefined, 1],
      [null, 1],
    ],
    // A hole.
    [Object.assign([], { length: 1 }), [null]],
    [{ a: undefined }, {}],
    [
      { a: Number.NaN, b: Number.POSITIVE_INFINITY },
      { a: null, b: null },
    ],
    [{ a: () => 1 }, {}],
    [{ toJSON: () => 'text' }, 'text'],
    [undefined, undefined],
    [Symbol('x'), undefined],
  ] as const
  it.each(others)('is %j as JSON has it', (value, expected) => {
    expect(read(value)).toEqual(expected)
    expect(JSON.stringify(read(value))).toBe(JSON.stringify(expected))
  })

  it('is read from the text where it is deep', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 1_000; depth++) value = [value]
    expect(JSON.stringify(read(value))).toBe(JSON.stringify(value))
  })

  test.prop([fc.anything({ withDate: true, withMap: true, withNullPrototype: true })])(
    'is what its JSON text stands for',
    (value) => {
      const json = JSON.stringify(value)
      if (json === undefined) expect(read(value)).toBeUndefined()
      else expect(JSON.stringify(read(value))).toBe(json)
    },
  )
})
