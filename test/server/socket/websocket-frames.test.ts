import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { textFrames } from '../../../src/server/socket/websocket-frames.ts'

interface Frame {
  readonly first: number
  readonly payload: Buffer
}

/** Decodes frames of RFC 6455; fails if a buffer does not end with a frame. */
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

/** Joins frames to messages: a text frame, then continuations; the last frame is final. */
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
    'carry any texts, in buffers of whole frames and limited size',
    (pairs) => {
      const texts = pairs.map(([unit, times]) => unit.repeat(times))
      const buffers = textFrames(texts)
      expect(messages(buffers.flatMap(read))).toEqual(texts)
      for (const { length } of buffers) expect(length).toBeLessThanOrEqual(65_535 + 4)
    },
  )

  it('share a buffer if they are short', () => {
    expect(textFrames(Array.from({ length: 100 }, () => 'x'.repeat(100)))).toHaveLength(1)
  })
})
