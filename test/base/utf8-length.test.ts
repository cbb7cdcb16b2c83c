import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { utf8Length } from '../../src/base/utf8-length.ts'

const encodedLength = (text: string): number => new TextEncoder().encode(text).length

/** Texts of any UTF-16 units, including surrogate pairs and halves of pairs. */
const texts = fc
  .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })))
  .map((units) => String.fromCharCode(...units))

test.prop([texts])('the length of a text in UTF-8 equals that of TextEncoder', (text) => {
  expect(utf8Length(text)).toBe(encodedLength(text))
})

it('a surrogate pair takes four bytes, and half a pair three', () => {
  expect(utf8Length('aé€😀')).toBe(1 + 2 + 3 + 4)
  expect(utf8Length('😀'.slice(0, 1))).toBe(3)
})
