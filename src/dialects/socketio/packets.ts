import type { CloseInfo, TransportFactory } from '../../ports/transport.ts'
import type { Encoded } from '../../protocol/codec.ts'
import type { Credentials } from '../../protocol/dialect.ts'
import { asFields, asString, type Fields } from '../../protocol/fields.ts'
import { withQuery } from '../../protocol/url-query.ts'

/*
 * Packets of Engine.IO 4 and Socket.IO 5; the JSON of events inside them is not parsed here. packet.ts has
 * the messages that they become.
 *
 *   0{…}              OPEN of Engine.IO, before the client sends CONNECT
 *   2, 3              ping and pong of Engine.IO, passed on unchanged
 *   40{…}             CONNECT: credentials from the client, then accepted by the server
 *   41                DISCONNECT
 *   42["name",…]      an event, 427["name",…] one with an acknowledgement
 *   437[…]            the acknowledgement
 *   44{…}             CONNECT_ERROR: the server refuses the client
 *   451-["name",…]    an event with one attachment, which follows as a binary message; 46 acknowledges so
 *
 * A namespace other than `/` precedes the data, with a comma: 42/admin,["name",…].
 */

/** Ping and pong of Engine.IO, which are messages of the dialect as they are. */
const PING = '2'
const PONG = '3'
/** Matches OPEN and the packets of a namespace; other messages are passed to the codec. */
const PACKET = /^(?:(0)|4([0-6])(?:(\d+)-)?(\/[^,]*,)?(\d+(?=\[))?)(.*)$/s
/** Matches a message of the dialect with the head of a packet. */
const HEAD = /^\[\[(\d),(\d+),("(?:[^"\\]|\\.)*"),"(\d*)"\],?(.*)$/s
/**
 * Matches the offset that a server with `connectionStateRecovery` adds to an event as its last argument: an id
 * of `yeast` (memory), a stream id (Redis) or an object id (MongoDB). A volatile event has none; its own last
 * argument could only be mistaken for one if it is a text of this form.
 */
const OFFSET = /,"([\w-]{7,}(?:\.[\w-]+)?)"\]$/

/** The most packets that wait for the answer of their namespace; further ones are refused. */
const MOST_WAITING = 1_000

/** Close code for a disconnect by the server; the dialect treats it as fatal. */
const SERVER_DISCONNECT = 1008
/** Close code for a refused CONNECT; the client asks once for other credentials. */
const CONNECT_REFUSED = 4401
/** Close code of a client that does not want to return to its session. */
const LEFT = 1000

/** A session that the server can recover, if it has given it an id. */
interface Session {
  readonly pid: unknown
  /** Of the last event that has arrived as a whole. */
  offset?: string | undefined
}

/**
 * Makes a transport for the packets of Socket.IO over another transport, which opens in one namespace. It
 * remembers what the server needs to recover the sessions of the client after a lost connection.
 */
export function engineTransport(sockets: TransportFactory, namespace: string): TransportFactory {
  const own = namespace === '/' ? '' : `${namespace},`
  /** By namespace. */
  const sessions = new Map<string, Session>()
  return {
    name: 'engine.io',
    open(url, protocols, handlers, credentials) {
      /** JSON of Engine.IO's OPEN packet. */
      let handshake: string | undefined
      let isAccepted = false
      let isClosed = false
      /** Namespaces that the client has connected to; packets of others are dropped. */
      const joined = new Set([own])
      /** Packets to namespaces that have not answered CONNECT: the server ends the connection for an earlier one. */
      const waiting = new Map<string, Encoded[][]>()
      /** Number of attachments that are due, and whether they are dropped. */
      let due = 0
      let isDropped = false
      /** Notes the offset of the present event. */
      let arrived = (): void => {}
      /** A packet to be sent, with the attachments that have come, and how many it has. */
      let held: Encoded[] = []
      let attachments = 0
      const transport = sockets.open(engineAddress(url, credentials), protocols, {
        opened() {},
        message(data) {
          if (isClosed) return
          // Before the welcome the client sends nothing but its greeting, and the server closes without a pong.
          if (data === PING && !isAccepted) transport.send(PONG)
          const found = typeof data === 'string' && PACKET.exec(data)
          if (found) {
            const [, open, type = '', count = '', space = '', number = '', rest = ''] = found
            if (open) opened(rest)
            else received(+type, +count, space, number, rest)
          } else if (due > 0 && typeof data !== 'string') {
            due--
            if (isDropped) return
            handlers.message(data)
            if (due === 0) arrived()
          } else handlers.message(data)
        },
        closed: (info) => {
          if (!isClosed) handlers.closed(info)
          isClosed = true
        },
      })
      return {
        get bufferedAmount() {
          return transport.bufferedAmount
        },
        send(data) {
          if (handshake === undefined) return
          if (data === PONG) transport.send(data)
          else {
            // Only as a whole: a request that is cancelled meanwhile must not leave half a packet.
            if (typeof data === 'string') {
              attachments = Number(HEAD.exec(data)?.[2] ?? 0)
              held = [data]
            } else held.push(data)
            if (held.length > attachments) pass(held.splice(0))
          }
        },
        close(code, reason) {
          isClosed = true
          if (code === LEFT) sessions.clear()
          transport.close(code, reason)
        },
      }

      function opened(openData: string): void {
        if (handshake !== undefined) return
        handshake = openData
        handlers.opened()
      }

      function received(type: number, count: number, space: string, number: string, json: string) {
        due = count
        isDropped = !joined.has(space)
        if (isDropped) return
        const isOwn = space === own
        const data = type % 4 === 0 ? asFields(parse(json)) : {}
        const session = sessions.get(space)
        if (type === 0 && data.pid !== session?.pid) sessions.set(space, { pid: data.pid })
        const hasLeft = type === 1 || type === 4
        if (hasLeft) sessions.delete(space)
        if (hasLeft) joined.delete(space)
        const waited = hasLeft || type === 0 ? waiting.get(space) : undefined
        if (waited) waiting.delete(space)
        isAccepted ||= isOwn && type === 0
        if (isOwn && type === 0) handlers.message(`["connect",${json || '{}'},${handshake}]`)
        else if (isOwn && type === 1) {
          end({ code: SERVER_DISCONNECT, reason: 'io server disconnect' })
        } else if (isOwn && type === 4) {
          end({ code: CONNECT_REFUSED, reason: asString(data.message) ?? '', cause: data })
        } else {
          // Only events without an acknowledgement have an offset.
          const mayHave = session?.pid && !number && type % 3 === 2
          const [match, offset] = (mayHave ? OFFSET.exec(json) : null) ?? []
          arrived = () => {
            if (session && match) session.offset = offset
          }
          const event = match ? `${json.slice(0, -match.length)}]` : json
          handlers.message(message(type, count, isOwn ? '' : space.slice(0, -1), number, event))
          if (count === 0) arrived()
        }
        const reason = type === 1 ? 'server-disconnect' : asString(data.message) || 'refused'
        for (const packet of waited ?? []) {
          if (type === 0) pass(packet)
          else refuse(packet, { ...data, ...asFields(data.data), error: reason })
        }
      }

      /** Sends a whole packet; one to a namespace that has not answered CONNECT waits for the answer. */
      function pass(packet: Encoded[]): void {
        if (isClosed) return
        const [text = '', ...bytes] = packet
        const data = String(text)
        const { type, space, number, rest } = headOf(data)
        const waits = waiting.get(space)
        const isJoined = joined.has(space)
        if (waits) {
          if (waits.length < MOST_WAITING) waits.push(packet)
          else refuse(packet, { error: 'outbox-full' })
        } else if (type === '0' && !isJoined) {
          waiting.set(space, [])
          transport.send(greeting(space, rest.slice(0, -1)))
        } else if (type === '5') {
          acknowledge(number)
        } else if (type !== '0' && isJoined) {
          transport.send(framed(data))
          for (const one of bytes) transport.send(one)
        }
      }

      /** Acknowledges a packet that wants it by an error, since it cannot be sent. */
      function refuse([text]: readonly Encoded[], error: Fields): void {
        const { type, number } = headOf(String(text))
        if (number && type !== '3') acknowledge(number, `,${JSON.stringify(error)}`)
      }

      /** Later, as every answer: the client awaits it only after it has sent the packet. */
      function acknowledge(number: string, data = ''): void {
        queueMicrotask(() => isClosed || handlers.message(`[${number}${data}]`))
      }

      /** Reads the head of a message of the dialect. */
      function headOf(data: string) {
        const [, type, count = '', name = '""', number = '', rest = ''] = HEAD.exec(data) ?? []
        return { type, count, number, rest, space: name === '""' ? own : `${JSON.parse(name)},` }
      }

      /** Returns the packet for a message of the dialect. */
      function framed(data: string): string {
        const { type, count, space, number, rest } = headOf(data)
        if (type === '1') {
          sessions.delete(space)
          joined.delete(space)
          return `41${space}`
        }
        const kind = count === '0' ? type : `${Number(type) + 3}${count}-`
        if (type) return `4${kind}${space}${number}[${rest}`
        const connect = /^\["connect"(?:,(.*))?\]$/s.exec(data)
        if (connect) return greeting(own, connect[1])
        return `42${own}${data.replace(/^\[(\d+),/, '$1[')}`
      }

      function greeting(space: string, auth = ''): string {
        joined.add(space)
        const session = sessions.get(space)
        const data = session ? JSON.stringify({ ...session, ...asFields(parse(auth)) }) : auth
        return `40${space}${data}`
      }

      function end(info: CloseInfo): void {
        isClosed = true
        transport.close()
        handlers.closed(info)
      }
    },
  }
}

/** Returns the message for a packet. */
function message(type: number, count: number, space: string, number: string, json: string): string {
  const isShort = space === '' && (number ? type === 3 : type < 4)
  if (isShort && !number) return json
  const data = json.startsWith('[') ? json.slice(1) : `${json}]`
  const head = isShort ? number : JSON.stringify([type > 4 ? type - 3 : type, count, space, number])
  return `[${head}${data === ']' ? '' : ','}${data}`
}

/** Returns the URL of Engine.IO; leaves an invalid URL unchanged, so that the socket rejects it. */
function engineAddress(base: string, { query = {} }: Credentials = {}): string {
  const url = withQuery(base, query)
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
