import { isDeepStrictEqual } from 'node:util'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { contentDigest } from '../../../src/server/requests/content-digest.ts'

/** Returns the value with the fields of its objects in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, field]) => [name, reversed(field)]),
  )
}

describe('the digest of a content', () => {
  test.prop([fc.jsonValue()])('does not depend on the order of fields', (value) => {
    expect(contentDigest([reversed(value)])).toBe(contentDigest([value]))
  })

  test.prop([fc.jsonValue(), fc.jsonValue()])('differs for different values', (one, other) => {
    const same = isDeepStrictEqual(
      JSON.parse(JSON.stringify(one)),
      JSON.parse(JSON.stringify(other)),
    )
    expect(contentDigest([one]) === contentDigest([other])).toBe(same)
  })

  it('differs for values that resemble each other', () => {
    const values = [
      ...[undefined, null, '', 'null', 0, 1, '1', true, 'true', [], [null], {}, { a: null }],
      ...[['a', null], [[]], [[], []], ['ab'], ['a', 'b'], { a: 'b' }, { b: 'a' }, { ab: '' }],
      ...[
        { a: 1, b: 2 },
        { a: 2, b: 1 },
        { a: { b: 1 } },
        { a: {}, b: 1 },
        { a: [] },
        '\0',
        '\0\0',
      ],
    ]
    expect(new Set(values.map((value) => contentDigest([value]))).size).toBe(values.length)
  })

  it('differs for a hundred thousand texts that have been counted up', () => {
    const digests = new Set<string>()
    for (let n = 0; n < 100_000; n++) digests.add(contentDigest(['request', 'add', { n }]))
    expect(digests.size).toBe(100_000)
  })
})
