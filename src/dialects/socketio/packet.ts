import { asInteger, asString } from '../../protocol/fields.ts'

/*
 * Messages between a transport of Socket.IO and a dialect, as JSON:
 *
 *   ["name", …]              an event of the transport's own namespace
 *   [7, …]                   from the server: the acknowledgement of request 7 in this namespace
 *   [7, "name", …]           from the client: request 7, an event with an acknowledgement
 *   ["connect", {…}, {…}]    CONNECT of this namespace; see handshake.ts
 *   [[type, attachments, namespace, ack], …]    any other packet: its head, then its data:
 *
 *   [[2, 0, "", "7"], "name", …]         the server's event that wants acknowledgement 7
 *   [[3, 0, "", "7"], …]                 the acknowledgement of that
 *   [[2, 0, "/staff", ""], "name", …]    an event of another namespace
 *   [[0, 0, "/staff", ""], {…}]          CONNECT of that; 1 DISCONNECT, 4 CONNECT_ERROR. From the client it
 *                                        precedes every packet of that: the transport sends it only where
 *                                        it is not connected, and the packet once the server has accepted.
 *                                        It acknowledges what the server has refused by an `error`
 *   [[2, 1, "", ""], "name", {"_placeholder": true, "num": 0}]    an event with one attachment, which
 *                                        follows as a binary message
 *   [[5, 0, "", "7"]]        from the client: not sent; the transport returns the acknowledgement [7], in
 *                            the order of the packets of its namespace
 */

/** The most attachments of one packet; `socket.io-parser` allows as many, and a server ends the connection for more. */
export const MOST_ATTACHMENTS = 10

/** Returns the name and the arguments of an event of the transport's namespace; `[]` for any other message. */
export function eventOf(wire: unknown): readonly unknown[] {
  if (!Array.isArray(wire)) return []
  const [head, ...rest]: readonly unknown[] = wire
  return Array.isArray(head) && head[0] === 2 && !head[1] ? rest : wire
}

/** A packet of Socket.IO 5. */
export type Packet = readonly [
  /** 0 CONNECT, 1 DISCONNECT, 2 event, 3 acknowledgement, 4 CONNECT_ERROR. */
  type: unknown,
  /** Number of binary messages that follow. */
  attachments: number,
  /** Its namespace; empty for that of the transport. */
  namespace: string,
  /** Number of the acknowledgement that it wants, or is; empty for none. */
  ack: string,
  data: readonly unknown[],
]

/** Reads a message of a transport; `undefined` if it is no packet. */
export function packetOf(wire: unknown): Packet | undefined {
  if (!Array.isArray(wire)) return undefined
  const [head, ...data]: readonly unknown[] = wire
  if (typeof head === 'string') return [2, 0, '', '', wire]
  if (typeof head === 'number') return [3, 0, '', `${head}`, data]
  const [type, count, namespace, ack]: readonly unknown[] = Array.isArray(head) ? head : []
  const attachments = asInteger(count, 0) ?? 0
  return attachments > MOST_ATTACHMENTS
    ? undefined
    : [type, attachments, asString(namespace) ?? '', asString(ack) ?? '', data]
}
