import type { Dialect } from 'wirefold/dialects'
import {
  binaryCodec,
  eventFrame,
  noticeFrame,
  plainDialect,
  refusalFrame,
  replyFrame,
  welcomeFrame,
} from 'wirefold/dialects'

/** Kinds of packets: the first byte. */
export const JOIN = 1
export const CALL = 2
export const EVENT = 3
export const REPLY = 4
export const REFUSAL = 5

/** Returns a packet: its kind, its number (32 bits), the length of its name (8 bits), the name, and the body. */
export function packet(kind: number, number: number, name: string, body: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(name)
  const bytes = new Uint8Array(6 + text.length + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, number)
  view.setUint8(5, text.length)
  bytes.set(text, 6)
  bytes.set(body, 6 + text.length)
  return bytes
}

/** Reads a packet; `undefined` if it is cut. */
export function read(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = bytes.length < 6 ? bytes.length + 1 : 6 + view.getUint8(5)
  if (start > bytes.length) return undefined
  const name = new TextDecoder().decode(bytes.subarray(6, start))
  return { kind: view.getUint8(0), number: view.getUint32(1), name, body: bytes.subarray(start) }
}

/**
 * A dialect of packets whose payloads are bytes; the greeting and the welcome are JSON texts, `{hello}`
 * and `{welcome}`.
 */
export function packets(): Dialect {
  let count = 0
  return {
    ...plainDialect,
    name: 'packets',
    codec: binaryCodec,
    capabilities: { ...plainDialect.capabilities, acks: true },
    decode(wire) {
      if (!(wire instanceof Uint8Array)) {
        return Object(wire).welcome === true
          ? welcomeFrame({})
          : noticeFrame('malformed', 'it is no packet and no welcome', wire)
      }
      const found = read(wire)
      const key = `${found?.number}`
      switch (found?.kind) {
        case EVENT:
          return eventFrame(found.name, 'packet', { payload: found.body })
        case REPLY:
          return replyFrame([key], found.body)
        case REFUSAL:
          return refusalFrame([key], { code: found.name })
        default:
          return noticeFrame('malformed', found ? 'of an unknown kind' : 'cut', wire)
      }
    },
    encode(intent) {
      switch (intent.kind) {
        case 'hello':
          return [{ wire: { hello: true }, keys: [] }]
        case 'subscribe':
          return intent.channels.map((channel) => {
            const wire = packet(JOIN, ++count, channel, new Uint8Array())
            return { wire, keys: [`${count}`], channels: [channel] }
          })
        case 'request': {
          const body = intent.payload instanceof Uint8Array ? intent.payload : new Uint8Array()
          return [{ wire: packet(CALL, ++count, intent.type, body), keys: [`${count}`] }]
        }
        default:
          return undefined
      }
    },
  }
}
