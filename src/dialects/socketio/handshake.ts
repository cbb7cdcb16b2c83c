import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import type { Fields } from '../../protocol/fields.ts'
import { asFields, asNumber } from '../../protocol/fields.ts'
import type { Frame, WelcomeFrame } from '../../protocol/frame.ts'
import { welcomeFrame } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'

/*
 * Wire values beside the events, for the steps that `socket.io-client` does by itself:
 *
 *   ["connect", {…}]        from the client: CONNECT with credentials; the event name is reserved
 *   ["connect", {…}, {…}]   from the server: CONNECT accepted, and the data of Engine.IO's OPEN
 *   2 and 3                 ping and pong of Engine.IO
 */
export const PING = 2
export const PONG = 3

/** Adds the handshake and heartbeat of Engine.IO 4 to a dialect of events. */
export function withHandshake(events: DialectFactory): DialectFactory {
  return () => {
    const inner = events()
    return {
      ...inner,
      heartbeat: 'server',
      decode: (wire) => handshake(wire) ?? inner.decode(wire),
      encode: (intent) => greeting(intent) ?? inner.encode(intent),
    }
  }
}

function handshake(wire: unknown): Frame | undefined {
  if (wire === PING) return { kind: 'ping', timestamp: undefined }
  if (!Array.isArray(wire) || wire[0] !== 'connect') return undefined
  return welcome(asFields(wire[1]), asFields(wire[2]))
}

/** Returns the welcome from the data of the accepted CONNECT, and of Engine.IO's OPEN. */
export function welcome(
  { sid }: Fields,
  { pingInterval, pingTimeout, maxPayload }: Fields,
): WelcomeFrame {
  const everyMs = asNumber(pingInterval, 1)
  const latestMs = asNumber(pingTimeout, 1)
  return welcomeFrame({
    connectionId: sid,
    heartbeatMs: everyMs && latestMs && everyMs + latestMs,
    limits: { frameBytes: maxPayload },
  })
}

function greeting(intent: Intent): ReturnType<Dialect['encode']> {
  if (intent.kind === 'pong') return [{ wire: PONG, keys: [] }]
  if (intent.kind !== 'hello') return undefined
  const { token } = intent
  return [{ wire: token === undefined ? ['connect'] : ['connect', { token }], keys: [] }]
}
