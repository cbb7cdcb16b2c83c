import type { Codec } from '../../protocol/codec.ts'
import { badFrame, jsonCodec } from '../../protocol/json-codec.ts'

/** Matches a packet of Socket.IO 5 in a message of Engine.IO 4: type, namespace, number, JSON. */
const PACKET = /^4([0-4])(?:(\/[^,]*),)?(\d{1,15})?(.*)$/s

/** A packet of a client. */
export type ClientPacket =
  /** Ping and pong of Engine.IO. */
  | { readonly kind: 'ping' | 'pong' }
  /** CONNECT with credentials, or DISCONNECT. */
  | { readonly kind: 'connect'; readonly namespace: string; readonly data: unknown }
  | { readonly kind: 'disconnect'; readonly namespace: string }
  /** An event; `ack` is its number if the client wants an acknowledgement. */
  | {
      readonly kind: 'event'
      readonly namespace: string
      readonly ack: number | undefined
      readonly data: unknown
    }

/**
 * Reads the packets of a client, with the limits of {@link jsonCodec} for the JSON in them; returns a
 * {@link ClientPacket}.
 */
export const packetCodec: Pick<Codec, 'decode'> = {
  decode(text): unknown {
    if (text === '2') return { kind: 'ping' } satisfies ClientPacket
    if (text === '3') return { kind: 'pong' } satisfies ClientPacket
    const [, type, namespace = '/', number, json = ''] =
      (typeof text === 'string' && PACKET.exec(text)) || []
    switch (type) {
      case '0': {
        const data = json === '' ? undefined : jsonCodec.decode(json)
        return { kind: 'connect', namespace, data } satisfies ClientPacket
      }
      case '1':
        return { kind: 'disconnect', namespace } satisfies ClientPacket
      case '2': {
        const ack = number === undefined ? undefined : Number(number)
        const data = jsonCodec.decode(json)
        return { kind: 'event', namespace, ack, data } satisfies ClientPacket
      }
      default:
        throw badFrame('it is no text packet of Socket.IO 5')
    }
  },
}
