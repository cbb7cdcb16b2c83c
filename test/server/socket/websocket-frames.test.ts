import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { textFrames } from '../../../src/server/socket/websocket-frames.ts'

interface Frame {
  readonly first: number
  readonly payload: Buffer
}

/** Reads frames as RFC 6455 has them; fails where a buffer does not end with one. */
function read(buffer: Buffer): Frame[] {
  const frames: Frame[] = []
  let at = 0
  while (at < buffer.length) {
    const first = buffer.readUInt8(at)
    let length = buffer.readUInt8(at + 1)
    at += 2
    if (length === 126) {
      length = buffer.readUInt16BE(at)
      at += 2
      expect(length).toBeGreaterThan(125)
    } else expect(length).toBeLessThan(126)
    const payload = buffer.subarray(at, at + length)
    expect(payload).toHaveLength(length)
    frames.push({ first, payload })
    at += length
  }
  return frames
}

/** The messages that frames come to: the first says text, the others go on, the last is final. */
function messages(frames: readonly Frame[]): string[] {
  const texts: string[] = []
  let parts: Buffer[] = []
  for (const { first, payload } of frames) {
    expect(first & 0x7f).toBe(parts.length ? 0 : 1)
    parts.push(payload)
    if (first < 0x80) continue
    texts.push(Buffer.concat(parts).toString())
    parts = []
  }
  expect(parts).toEqual([])
  return texts
}

const lengths = [0, 1, 125, 126, 127, 65_534, 65_535, 65_536, 131_070, 131_071, 200_000]

describe('text frames', () => {
  it.each(lengths)('carry a text of %i bytes', (length) => {
    const text = 'x'.repeat(length)
    const frames = textFrames([text]).flatMap(read)
    expect(messages(frames)).toEqual([text])
    expect(frames).toHaveLength(Math.max(1, Math.ceil(length / 65_535)))
  })

  const text = fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat({ max: 3_000 }))
  test.prop([fc.array(text, { minLength: 1, maxLength: 40 })], { numRuns: 50 })(
    'carry whatever texts, in buffers that end where a frame ends and are not long',
    (pairs) => {
      const texts = pairs.map(([unit, times]) => unit.repeat(times))
      const buffers = textFrames(texts)
      expect(messages(buffers.flatMap(read))).toEqual(texts)
      for (const { length } of buffers) expect(length).toBeLessThanOrEqual(65_535 + 4)
    },
  )

  it('that are short together are one buffer', () => {
    expect(textFrames(Array.from({ length: 100 }, () => 'x'.repeat(100)))).toHaveLength(1)
  })
})
