import { WirefoldError } from '../base/errors.ts'
import type { CloseInfo, TransportFactory } from '../ports/transport.ts'
import type { Encoded } from '../protocol/codec.ts'
import { secureAddress } from './secure-address.ts'

/**
 * Creates the default transport: one WebSocket, of the given class or the platform's own. A
 * relative address is resolved against the page. Opening throws `bad-url` for an address that is
 * not of a WebSocket, and for `ws:` to another machine, except to the host that the page itself was
 * loaded from over http.
 *
 * It handles the differences of platforms: an `error` without a `close` after it (Node 22 before
 * the socket opened), a `close` that waits for a peer that is gone, an `error` after our own
 * `close()`.
 */
export function webSocketTransport(
  WebSocketClass?: WebSocketConstructor,
  options: WebSocketTransportOptions = {},
): TransportFactory {
  const addressOf = secureAddress('ws', options.allowInsecure)
  return {
    name: 'websocket',
    open(url, protocols, handlers) {
      const address = addressOf(url)
      const Class = WebSocketClass ?? platformWebSocket()
      const socket = protocols.length ? new Class(address, [...protocols]) : new Class(address)
      let open = false
      let done = false
      const end = (info: CloseInfo): void => {
        if (done) return
        done = true
        handlers.closed(info)
      }
      // Properties rather than addEventListener: not every socket class has the latter.
      socket.binaryType = 'arraybuffer'
      socket.onopen = () => {
        if (done) return
        open = true
        handlers.opened()
      }
      socket.onmessage = (event: { data: unknown }) => {
        if (!done) handlers.message(event.data)
      }
      // Before the socket opened, `error` may be the last event (Node 22). Afterwards `close`
      // follows, with the code.
      socket.onerror = (event: unknown) => {
        if (!open) end({ code: 1006, reason: '', cause: event })
      }
      socket.onclose = (event: { code?: number; reason?: string }) => {
        end({ code: event.code ?? 1006, reason: event.reason ?? '' })
      }
      return {
        get bufferedAmount() {
          return socket.bufferedAmount || 0
        },
        send(data) {
          // A socket that is closing sends nothing, and Chromium prints an error for each message.
          if (!(Number(socket.readyState) > 1)) socket.send(data)
        },
        close(code, reason) {
          // The handlers stay: `ws` throws an `error` that has no listener.
          done = true
          socket.close(code, reason)
        },
      }
    },
  }
}

/** Options of {@link webSocketTransport}. */
export interface WebSocketTransportOptions {
  /**
   * Allows unencrypted addresses of other machines: their traffic can be read and changed on the
   * way.
   * @default false
   */
  readonly allowInsecure?: boolean | undefined
}

/**
 * The part of a WebSocket that wirefold uses: the platform's, `ws`, mock-socket, and others fit.
 */
export interface WebSocketLike {
  /** `arraybuffer`, set by the transport. */
  binaryType: string
  /** Bytes accepted by `send` that have not been sent yet. */
  readonly bufferedAmount: number
  /** 2 while it closes, 3 afterwards. */
  readonly readyState?: number
  /** Called once the connection is open. */
  onopen: ((event: never) => void) | null
  /** Called with each message. */
  onmessage: ((event: never) => void) | null
  /** Called with an error of the connection. */
  onerror: ((event: never) => void) | null
  /** Called at the end of the connection. */
  onclose: ((event: never) => void) | null
  /** Sends a message. */
  send(data: Encoded): void
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void
}

/** A class of {@link WebSocketLike}s. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike

/** Returns the WebSocket class of this environment; throws `no-websocket` if there is none. */
export function platformWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === 'function') return WebSocket
  throw new WirefoldError(
    'no-websocket',
    'This environment has no WebSocket. Pass a class: new RealtimeClient(url, { WebSocket }), or webSocketTransport(WebSocket).',
    {},
  )
}
