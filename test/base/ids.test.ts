import { describe, expect, it } from 'vitest'
import { randomId } from '../../src/base/ids.ts'

describe('randomId', () => {
  it('returns two hundred thousand different ids in a row', () => {
    const ids = new Set<string>()
    for (let n = 0; n < 200_000; n++) ids.add(randomId())
    expect(ids.size).toBe(200_000)
  })

  it('returns 22 URL-safe characters', () => {
    expect(randomId()).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })
})
