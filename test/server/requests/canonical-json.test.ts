import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../src/server/requests/deduplicate.ts'

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

describe('canonical JSON', () => {
  test.prop([fc.jsonValue()])('is JSON of the value', (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test.prop([fc.jsonValue()])('does not depend on the order of fields', (value) => {
    expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
  })

  it('differs for different values', () => {
    const values = [undefined, null, '', 'null', 0, [], [null], {}, { a: null }, ['a', null], [[]]]
    expect(new Set(values.map((value) => canonicalJson([value]))).size).toBe(values.length)
  })
})
