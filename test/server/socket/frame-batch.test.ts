import { describe, expect, it } from 'vitest'
import { nativeServer } from 'wirefold/server'
import { FrameBatch } from '../../../src/server/socket/frame-batch.ts'

const textsOf = (batch: FrameBatch) => Buffer.concat(batch.frames).toString('latin1')

describe('a batch', () => {
  it('is one frame of all its texts, in order', () => {
    const batch = FrameBatch.empty(nativeServer.join).and('{"n":1}').and('2').and('3')
    expect(textsOf(batch)).toBe('\u0081\u000d[{"n":1},2,3]')
    expect(batch.units).toBe(9)
  })

  it('of a single text is that text', () => {
    expect(textsOf(FrameBatch.empty(nativeServer.join).and('{}'))).toBe('\u0081\u0002{}')
  })

  it('is a frame for each text if the dialect cannot join texts', () => {
    expect(textsOf(FrameBatch.empty(undefined).and('1').and('2'))).toBe(
      '\u0081\u00011\u0081\u00012',
    )
  })

  it('is the same object, with the same bytes, for the same texts in a row', () => {
    const empty = FrameBatch.empty(nativeServer.join)
    const [one, other] = [empty.and('1'), empty.and('1')]
    expect(one.and('2').frames).toBe(other.and('2').frames)
  })

  it('of other texts is another object', () => {
    const empty = FrameBatch.empty(nativeServer.join)
    const [one, other] = [empty.and('1').and('2'), empty.and('1').and('3')]
    expect(textsOf(one)).toContain('[1,2]')
    expect(textsOf(other)).toContain('[1,3]')
    expect(textsOf(empty.and('2'))).toBe('\u0081\u00012')
  })
})
