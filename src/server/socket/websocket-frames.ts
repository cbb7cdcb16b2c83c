/**
 * The longest payload of a frame, in bytes: a longer text is several, so that the peer's taking them
 * is seen, and a control frame fits in between. Its length fits into 16 bits.
 */
const LONGEST_FRAME = 0xffff
/** The bit of a message's last frame. */
const FINAL = 0x80
const TEXT = 1
const CONTINUATION = 0

/**
 * Texts as WebSocket frames, unmasked, as a server sends them. What ought to be written at once is
 * one buffer; each ends where a frame ends.
 *
 * Source: RFC 6455, sections 5.2 and 5.4.
 */
export function textFrames(texts: readonly string[]): readonly Buffer[] {
  const frames = texts.flatMap(framesOf)
  return frames.length > 1 ? packed(frames) : frames
}

function framesOf(text: string): Buffer[] {
  const length = Buffer.byteLength(text)
  if (length <= LONGEST_FRAME) {
    const frame = open(FINAL | TEXT, length)
    frame.write(text, frame.length - length)
    return [frame]
  }
  const bytes = Buffer.from(text)
  const frames: Buffer[] = []
  for (let at = 0; at < length; at += LONGEST_FRAME) {
    const part = bytes.subarray(at, at + LONGEST_FRAME)
    const last = at + LONGEST_FRAME >= length
    const frame = open((last ? FINAL : 0) | (at ? CONTINUATION : TEXT), part.length)
    part.copy(frame, frame.length - part.length)
    frames.push(frame)
  }
  return frames
}

/** A frame that lacks its payload only. */
function open(first: number, length: number): Buffer {
  const short = length < 126
  const frame = Buffer.allocUnsafe((short ? 2 : 4) + length)
  frame.writeUInt8(first, 0)
  frame.writeUInt8(short ? length : 126, 1)
  if (!short) frame.writeUInt16BE(length, 2)
  return frame
}

/** Neighbours that are short together become one. */
function packed(frames: readonly Buffer[]): readonly Buffer[] {
  const packs: Buffer[] = []
  let pack: Buffer[] = []
  let bytes = 0
  for (const frame of frames) {
    if (bytes && bytes + frame.length > LONGEST_FRAME) {
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
