import type { CloseInfo, TransportFactory } from '../../ports/transport.ts'
import { asFields, asString } from '../../protocol/fields.ts'

/*
 * Engine.IO 4 and Socket.IO 5 around the values of the dialect, which are never parsed here:
 *
 *   0{…}            Engine.IO is open; it may be said who we are
 *   2, 3            its ping and pong, which pass as they are
 *   40{…}           the namespace asks who we are, and lets us in
 *   41              it puts us out
 *   42["name",…]    an event, 427["name",…] one that is to be acknowledged
 *   437[…]          the acknowledgement
 *   44{…}           it does not let us in
 *
 * A namespace other than `/` stands before the rest, with a comma: 42/admin,["name",…].
 */

/** The value that is a packet of Engine.IO already. */
const PONG = '3'
/** An open, or a packet of a namespace; what does not look like one is left to the codec. */
const PACKET = /^(0|4[0-4])(\/[^,]*,)?(.*)$/s

/** Says that the server has put us out on purpose; for the dialect that is the end. */
const PUT_OUT = 1008
/** Says that the server does not know us: credentials are asked for once more. */
const NOT_LET_IN = 4401

/**
 * A transport that carries the events of one namespace of Socket.IO over sockets of another
 * transport: what it is given and gives is the JSON of an event and its arguments.
 */
export function engineTransport(sockets: TransportFactory, namespace: string): TransportFactory {
  const prefix = namespace === '/' ? '' : `${namespace},`
  return {
    name: 'engine.io',
    open(url, protocols, handlers) {
      /** What Engine.IO said when it opened. */
      let handshake: string | undefined
      let over = false
      const transport = sockets.open(url, protocols, {
        opened() {},
        message(data) {
          if (over) return
          const [, type, own = '', rest = ''] =
            (typeof data === 'string' && PACKET.exec(data)) || []
          if (type === undefined) handlers.message(data)
          else if (type === '0') opened(rest)
          else if (own === prefix) received(type, rest)
        },
        closed: (info) => {
          if (!over) handlers.closed(info)
          over = true
        },
      })
      return {
        get bufferedAmount() {
          return transport.bufferedAmount
        },
        send(data) {
          if (handshake === undefined) return
          transport.send(data === PONG ? data : framed(data, prefix))
        },
        close(code, reason) {
          over = true
          transport.close(code, reason)
        },
      }

      function opened(said: string): void {
        if (handshake !== undefined) return
        handshake = said
        handlers.opened()
      }

      function received(type: string, rest: string): void {
        switch (type) {
          case '40':
            handlers.message(`["connect",${rest || '{}'},${handshake}]`)
            break
          case '41':
            end({ code: PUT_OUT, reason: 'io server disconnect' })
            break
          case '42':
            handlers.message(rest.replace(/^\d+(?=\[)/, ''))
            break
          case '43':
            handlers.message(rest.replace(/^(\d+)\[(\]?)/, (_, id, end) => `[${id}${end || ','}`))
            break
          case '44': {
            const cause = parse(rest)
            end({ code: NOT_LET_IN, reason: asString(asFields(cause).message) ?? '', cause })
          }
        }
      }

      function end(info: CloseInfo): void {
        over = true
        transport.close()
        handlers.closed(info)
      }
    },
  }
}

/** The packet for a value of the dialect. */
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
