import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import type { Fields } from '../../protocol/fields.ts'
import { asFields, asNumber } from '../../protocol/fields.ts'
import type { Frame, WelcomeFrame } from '../../protocol/frame.ts'
import { welcomeFrame } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { withQuery } from '../../protocol/url-query.ts'

/*
 * What an instance of socket.io-client does by itself, as wire values beside the events:
 *
 *   ["connect", {…}]        who we are; no event may have this name
 *   ["connect", {…}, {…}]   the namespace lets us in; and what Engine.IO said when it opened
 *   2 and 3                 the ping and the pong of Engine.IO
 */
const PING = 2
const PONG = 3

/** A dialect of events, with the handshake and the signs of life of Engine.IO 4 around it. */
export function withHandshake(events: DialectFactory): DialectFactory {
  return () => {
    const inner = events()
    return {
      ...inner,
      heartbeat: 'server',
      url: (base, { query = {} }) => engineAddress(withQuery(base, query)),
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

function welcome({ sid }: Fields, { pingInterval, pingTimeout, maxPayload }: Fields): WelcomeFrame {
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

/** Where Engine.IO listens; what is no address is left to the socket to complain about. */
function engineAddress(url: string): string {
  try {
    const address = new URL(url, globalThis.location?.href)
    address.protocol = address.protocol.replace('http', 'ws')
    const path = address.pathname.replace(/\/?$/, '/')
    address.pathname = path === '/' ? '/socket.io/' : path
    address.searchParams.set('EIO', '4')
    address.searchParams.set('transport', 'websocket')
    return address.href
  } catch {
    return url
  }
}
