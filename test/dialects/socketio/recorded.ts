import { readFileSync } from 'node:fs'
import { engineTransport } from '../../../src/dialects/socketio/packets.ts'
import type { TransportHandlers } from '../../../src/ports/transport.ts'

/** A packet of the recorded session of `socket.io-client` with a stock server. */
export interface RecordedPacket {
  readonly dir: 'c2s' | 's2c'
  /** Number of its connection, counted from 1. */
  readonly conn: number
  readonly data: string | ArrayBuffer
}

const lines = readFileSync(
  new URL('../../recordings/socketio-rooms.jsonl', import.meta.url),
  'utf8',
)

/** The packets of the recorded session, in order. */
export const recorded: readonly RecordedPacket[] = lines
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({ dir }) => dir !== 'ctl')
  .map(({ dir, conn, data }) => ({ dir, conn, data: dataOf(data) }))

/** Returns a text of the recording, or its bytes. */
function dataOf(data: string | { readonly b64: string }): string | ArrayBuffer {
  return typeof data === 'string' ? data : Uint8Array.from(Buffer.from(data.b64, 'base64')).buffer
}

/** Returns the packets of one direction of a connection. */
export function packetsOf(
  conn: number,
  dir: RecordedPacket['dir'],
): readonly (string | ArrayBuffer)[] {
  return recorded
    .filter((packet) => packet.conn === conn && packet.dir === dir)
    .map(({ data }) => data)
}

/** Returns the messages that the transport makes of a server's packets, as a dialect gets them. */
export function messagesFrom(packets: readonly (string | ArrayBuffer)[]): readonly unknown[] {
  const messages: unknown[] = []
  let far: TransportHandlers | undefined
  const sockets = {
    name: 'recorded',
    open(_url: string, _protocols: readonly string[], handlers: TransportHandlers) {
      far = handlers
      return { bufferedAmount: 0, send() {}, close() {} }
    },
  }
  const transport = engineTransport(sockets, '/').open('ws://host', [], {
    opened() {},
    closed() {},
    message: (data) =>
      messages.push(
        typeof data === 'string' ? JSON.parse(data) : new Uint8Array(data as ArrayBuffer),
      ),
  })
  far?.message('0{}')
  transport.send('[[0,0,"/staff",""],{}]')
  for (const packet of packets) far?.message(packet)
  return messages
}
