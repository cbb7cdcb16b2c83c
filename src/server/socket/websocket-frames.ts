/**
 * Maximum payload of a frame, in bytes, so that the length fits into 16 bits. Longer texts are
 * fragmented: progress is then visible within a message, and control frames fit in between.
 */
const MAX_FRAME_BYTES = 0xffff
/** The FIN bit. */
const FINAL = 0x80
const TEXT = 1
const CONTINUATION = 0

/**
 * Encodes texts as unmasked WebSocket frames, as a server sends them. Each returned buffer holds
 * whole frames; short neighbors share a buffer, to save writes.
 *
 * Source: RFC 6455, sections 5.2 and 5.4.
 */
export function textFrames(texts: readonly string[]): readonly Buffer[] {
  const [first] = texts
  // Mostly there is one text, and `flatMap` is slow.
  const frames =
    first !== undefined && texts.length === 1 ? framesOf(first) : texts.flatMap(framesOf)
  return frames.length > 1 ? packed(frames) : frames
}

function framesOf(text: string): Buffer[] {
  const length = Buffer.byteLength(text)
  if (length <= MAX_FRAME_BYTES) {
    const frame = open(FINAL | TEXT, length)
    frame.write(text, frame.length - length)
    return [frame]
  }
  const bytes = Buffer.from(text)
  const frames: Buffer[] = []
  for (let at = 0; at < length; at += MAX_FRAME_BYTES) {
    const part = bytes.subarray(at, at + MAX_FRAME_BYTES)
    const last = at + MAX_FRAME_BYTES >= length
    const frame = open((last ? FINAL : 0) | (at ? CONTINUATION : TEXT), part.length)
    part.copy(frame, frame.length - part.length)
    frames.push(frame)
  }
  return frames
}

/** Allocates a frame and writes its header. */
function open(first: number, length: number): Buffer {
  const short = length < 126
  const frame = Buffer.allocUnsafe((short ? 2 : 4) + length)
  frame[0] = first
  frame[1] = short ? length : 126
  if (!short) frame.writeUInt16BE(length, 2)
  return frame
}

/** Joins neighboring frames up to the maximum size. */
function packed(frames: readonly Buffer[]): readonly Buffer[] {
  const packs: Buffer[] = []
  let pack: Buffer[] = []
  let bytes = 0
  for (const frame of frames) {
    if (bytes && bytes + frame.length > MAX_FRAME_BYTES) {
      packs.push(Buffer.concat(pack))
      pack = []
      bytes = 0
    }
    pack.push(frame)
    bytes += frame.length
  }
  packs.push(Buffer.concat(pack))
  return packs
}
