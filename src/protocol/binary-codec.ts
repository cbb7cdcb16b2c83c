import { bytesOf } from './attachments.ts'
import type { Codec } from './codec.ts'
import { badFrame, jsonCodec, LONGEST_TEXT } from './json-codec.ts'

/** Bytes over which a binary message is refused; as many as a text may have characters. */
const LONGEST_BYTES = LONGEST_TEXT

/**
 * The codec of dialects with binary messages: a `Uint8Array` is sent as a binary message, and a binary
 * message that is received is one; any other value is sent as JSON, and a text is read as JSON.
 *
 * A message over 4 MiB is a `bad-frame` error. Messages are never joined.
 */
export const binaryCodec: Codec = {
  name: 'binary',
  join: jsonCodec.join,
  // A copy: the dialect may go on to use its buffer, of which the message may be a part.
  encode: (wire) => (wire instanceof Uint8Array ? wire.slice().buffer : jsonCodec.encode(wire)),
  decode(data) {
    const bytes = bytesOf(data)
    if (!bytes) return jsonCodec.decode(data)
    if (bytes.length <= LONGEST_BYTES) return bytes
    throw badFrame(`longer than ${LONGEST_BYTES} bytes`)
  },
}
