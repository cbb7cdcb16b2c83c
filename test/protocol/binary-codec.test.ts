import { expect, it } from 'vitest'
import { binaryCodec } from 'wirefold/dialects'

it('copies the bytes of a message, also of a part of a buffer, so that its buffer may be used again', () => {
  const buffer = Uint8Array.of(7, 1, 2, 7)
  const encoded = binaryCodec.encode(buffer.subarray(1, 3))
  buffer.fill(9)
  expect(typeof encoded === 'string' ? encoded : [...new Uint8Array(encoded)]).toEqual([1, 2])
})

it('reads buffers and views, and everything else as JSON does', () => {
  const bytes = Uint8Array.of(7, 1, 2, 7)
  expect(binaryCodec.decode(bytes.buffer)).toEqual(bytes)
  expect(binaryCodec.decode(bytes.subarray(1, 3))).toEqual(Uint8Array.of(1, 2))
  expect(binaryCodec.decode(new DataView(bytes.buffer, 1, 2))).toEqual(Uint8Array.of(1, 2))
  expect(binaryCodec.decode('{"a":1,"__proto__":2}')).toEqual({ a: 1 })
  for (const other of [undefined, null, 7, {}, []]) {
    expect(() => binaryCodec.decode(other)).toThrow(expect.objectContaining({ code: 'bad-frame' }))
  }
})
