import { createHash } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/contract/sha256.ts'

const reference = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('the digest', () => {
  it('is SHA-256 for texts that end at, before and behind a block', () => {
    for (let length = 0; length < 200; length++) {
      const text = 'é😀x'.repeat(length).slice(0, length)
      expect(sha256(text)).toBe(reference(text))
    }
  })

  test.prop([fc.string({ unit: 'grapheme', maxLength: 500 })])('is SHA-256', (text) => {
    expect(sha256(text)).toBe(reference(text))
  })
})
