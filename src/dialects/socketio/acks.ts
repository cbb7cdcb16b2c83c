import type { DialectFactory } from '../../protocol/dialect.ts'

/** What no event may be called: a server cuts off who says so. */
const RESERVED = [
  ...['connect', 'connect_error', 'disconnect', 'disconnecting'],
  ...['newListener', 'removeListener'],
]

/**
 * A dialect over Socket.IO with requests, which it has no word for by itself: a request is an event
 * that the server acknowledges, its answer the acknowledgement's first argument.
 *
 * On the wire both have a number before them: `[7, "save", {…}]`, `[7, {…}]`.
 *
 * @example
 * const client = new RealtimeClient(url, {
 *   dialect: withAcks(socketio),
 *   transport: socketioClient(instance),
 * })
 * await client.request('save', { title })
 */
export function withAcks(events: DialectFactory): DialectFactory {
  return () => {
    const inner = events()
    let asked = 0
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
        const number = asked++
        const wire = payload === undefined ? [number, type] : [number, type, payload]
        return [{ wire, keys: [`ack:${number}`] }]
      },
    }
  }
}
