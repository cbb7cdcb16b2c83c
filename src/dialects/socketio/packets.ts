import type { CloseInfo, TransportFactory } from '../../ports/transport.ts'
import { asFields, asString } from '../../protocol/fields.ts'

/*
 * Packets of Engine.IO 4 and Socket.IO 5; the event's JSON inside them is not parsed here:
 *
 *   0{…}            OPEN of Engine.IO, before the client sends CONNECT
 *   2, 3            ping and pong of Engine.IO, passed on unchanged
 *   40{…}           CONNECT: credentials from the client, then accepted by the server
 *   41              DISCONNECT by the server
 *   42["name",…]    an event, 427["name",…] one with an acknowledgement
 *   437[…]          the acknowledgement
 *   44{…}           CONNECT_ERROR: the server refuses the client
 *
 * A namespace other than `/` precedes the data, with a comma: 42/admin,["name",…].
 */

/** Pong of the dialect, which is an Engine.IO packet as it is. */
const PONG = '3'
/** Matches OPEN and the packets of a namespace; other messages are passed to the codec. */
const PACKET = /^(0|4[0-4])(\/[^,]*,)?(.*)$/s

/** Close code for a disconnect by the server; the dialect treats it as fatal. */
const SERVER_DISCONNECT = 1008
/** Close code for a refused CONNECT; the client asks once for other credentials. */
const CONNECT_REFUSED = 4401

/**
 * Makes a transport for the events of one Socket.IO namespace over another transport. Its messages
 * are the JSON of an event and its arguments.
 */
export function engineTransport(sockets: TransportFactory, namespace: string): TransportFactory {
  const prefix = namespace === '/' ? '' : `${namespace},`
  return {
    name: 'engine.io',
    open(url, protocols, handlers) {
      /** JSON of Engine.IO's OPEN packet. */
      let handshake: string | undefined
      let isClosed = false
      const transport = sockets.open(url, protocols, {
        opened() {},
        message(data) {
          if (isClosed) return
          const [, type, own = '', rest = ''] =
            (typeof data === 'string' && PACKET.exec(data)) || []
          if (type === undefined) handlers.message(data)
          else if (type === '0') opened(rest)
          else if (own === prefix) received(type, rest)
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
        send(data: string) {
          if (handshake === undefined) return
          transport.send(data === PONG ? data : framed(data, prefix))
        },
        close(code, reason) {
          isClosed = true
          transport.close(code, reason)
        },
      }

      function opened(openData: string): void {
        if (handshake !== undefined) return
        handshake = openData
        handlers.opened()
      }

      function received(type: string, rest: string): void {
        switch (type) {
          case '40':
            handlers.message(`["connect",${rest || '{}'},${handshake}]`)
            break
          case '41':
            end({ code: SERVER_DISCONNECT, reason: 'io server disconnect' })
            break
          case '42':
            handlers.message(rest.replace(/^\d+(?=\[)/, ''))
            break
          case '43':
            handlers.message(rest.replace(/^(\d+)\[(\]?)/, (_, id, end) => `[${id}${end || ','}`))
            break
          case '44': {
            const cause = parse(rest)
            end({ code: CONNECT_REFUSED, reason: asString(asFields(cause).message) ?? '', cause })
          }
        }
      }

      function end(info: CloseInfo): void {
        isClosed = true
        transport.close()
        handlers.closed(info)
      }
    },
  }
}

/** Returns the packet for a message of the dialect. */
function framed(data: string, prefix: string): string {
  const connect = /^\["connect"(?:,(.*))?\]$/s.exec(data)
  if (connect) return `40${prefix}${connect[1] ?? ''}`
  return `42${prefix}${data.replace(/^\[(\d+),/, '$1[')}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
