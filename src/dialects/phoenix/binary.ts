import { WirefoldError } from '../../base/errors.ts'
import { binaryCodec } from '../../protocol/binary-codec.ts'
import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields } from '../../protocol/fields.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'

/*
 * Binary messages of Phoenix's serializer 2.0.0: a kind, the length of each text in one byte, the
 * texts, and the data. Kinds: 0 push, 1 reply, 2 broadcast; Supabase adds 3, a broadcast of a client,
 * and 4, one of the server, with a further byte before the texts, which is 1 if the data is JSON.
 */

/** Number of texts of each kind that a server sends. */
const TEXTS = [3, 4, 2, 0, 3]
const USER_BROADCAST = 4
/** The longest text, in bytes. */
const LONGEST = 255

/** Returns a binary message as the array that a text would be; `undefined` if it cannot be read. */
function readBinary(bytes: Uint8Array): readonly unknown[] | undefined {
  const [kind = 3] = bytes
  const isUserBroadcast = kind === USER_BROADCAST
  const count = TEXTS[kind]
  if (!count) return undefined
  const lengths = bytes.subarray(1, 1 + count)
  let at = 1 + count + (isUserBroadcast ? 1 : 0)
  const decoder = new TextDecoder()
  const [first, second, third, fourth] = [...lengths].map((length) => {
    const text = bytes.subarray(at, at + length)
    at += length
    return decoder.decode(text)
  })
  if (at > bytes.length) return undefined
  const data = bytes.slice(at)
  if (kind === 0) return [first, null, second, third, data]
  if (kind === 1) return [first, second, third, 'phx_reply', { status: fourth, response: data }]
  if (!isUserBroadcast) return [null, null, first, second, data]
  try {
    const payload: unknown = bytes[4] ? jsonCodec.decode(decoder.decode(data)) : data
    const meta: unknown = third ? jsonCodec.decode(third) : undefined
    return [null, null, first, 'broadcast', { event: second, payload, meta }]
  } catch {
    return undefined
  }
}

/**
 * Returns a push as a binary message, if its payload is bytes, or a broadcast of bytes; throws `too-large` if
 * a text is longer than the 255 bytes that its length can say. Any other message is returned as it is.
 */
function writeBinary(message: unknown): unknown {
  const parts: readonly unknown[] = Array.isArray(message) ? message : []
  const [joinRef, ref, topic, event, payload] = parts
  const { event: inner, payload: data } = asFields(payload)
  if (payload instanceof Uint8Array) {
    return packed(0, [joinRef ?? '', ref, topic, event], [], payload)
  }
  if (event === 'broadcast' && data instanceof Uint8Array) {
    return packed(3, [joinRef ?? '', ref, topic, inner, ''], [0], data)
  }
  return message
}

/** @param extra bytes between the lengths and the texts */
function packed(
  kind: number,
  texts: readonly unknown[],
  extra: readonly number[],
  data: Uint8Array,
): Uint8Array {
  const encoder = new TextEncoder()
  const encoded = texts.map((text) => encoder.encode(String(text)))
  const lengths = encoded.map(({ length }) => length)
  const bytes = Math.max(...lengths)
  if (bytes > LONGEST) {
    const message = `A topic or event of ${bytes} bytes is too long for a binary message.`
    throw new WirefoldError('too-large', message, { bytes, limit: LONGEST })
  }
  const parts = [Uint8Array.of(kind, ...lengths, ...extra), ...encoded, data]
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Adds binary messages to {@link phoenix}: a `Uint8Array` as the payload of a request or publish is sent
 * as bytes, and bytes of the server arrive as one.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { phoenix, withBinary } from 'wirefold/dialects/phoenix'
 *
 * const client = new RealtimeClient(url, { dialect: withBinary(phoenix()) })
 * await client.request('upload', new Uint8Array([1, 2, 3]), { channel: 'files:1' })
 */
export function withBinary(texts: DialectFactory): DialectFactory {
  return () => {
    const inner = texts()
    return {
      ...inner,
      codec: binaryCodec,
      decode: (wire) => inner.decode(wire instanceof Uint8Array ? readBinary(wire) : wire),
      encode(intent) {
        return inner
          .encode(intent)
          ?.map((message) => ({ ...message, wire: writeBinary(message.wire) }))
      },
    }
  }
}
