import type { DialectFactory } from '../../protocol/dialect.ts'

/** Event names reserved by Socket.IO: a server disconnects a client that sends one. */
export const RESERVED = [
  ...['connect', 'connect_error', 'disconnect', 'disconnecting'],
  ...['newListener', 'removeListener'],
]

/**
 * Adds requests to a dialect over Socket.IO: a request is an event with an acknowledgement, and the
 * reply is the acknowledgement's first argument.
 *
 * As wire values both begin with the acknowledgement's number: `[7, "save", {…}]`, `[7, {…}]`.
 *
 * @example
 * import { io } from 'socket.io-client'
 * import { RealtimeClient } from 'wirefold'
 * import { socketio, withAcks } from 'wirefold/dialects/socketio'
 * import { socketioClient } from 'wirefold/socketio-client'
 *
 * const client = new RealtimeClient(url, {
 *   dialect: withAcks(socketio()),
 *   transport: socketioClient(io(url, { autoConnect: false })),
 * })
 * await client.request('save', { title: 'Write' })
 */
export function withAcks(events: DialectFactory): DialectFactory {
  return () => {
    const inner = events()
    let nextNumber = 0
    return {
      ...inner,
      decode(wire) {
        if (!Array.isArray(wire) || typeof wire[0] !== 'number') return inner.decode(wire)
        const [number, payload]: readonly unknown[] = wire
        return { kind: 'reply', to: [`ack:${number}`], payload, at: undefined }
      },
      encode(intent) {
        if (intent.kind !== 'request') return inner.encode(intent)
        const { type, payload } = intent
        if (RESERVED.includes(type)) return undefined
        const number = nextNumber++
        const wire = payload === undefined ? [number, type] : [number, type, payload]
        return [{ wire, keys: [`ack:${number}`] }]
      },
    }
  }
}
