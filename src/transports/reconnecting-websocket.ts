import ReconnectingWebSocket from 'reconnecting-websocket'
import type {
  CloseInfo,
  Transport,
  TransportFactory,
  TransportHandlers,
} from '../ports/transport.ts'
import type { Encoded } from '../protocol/codec.ts'
import { secureAddress } from './secure-address.ts'
import type { WebSocketConstructor, WebSocketTransportOptions } from './websocket.ts'
import { platformWebSocket, webSocketTransport } from './websocket.ts'

/*
 * The package works between two parts of wirefold. Above it, only the client decides when to
 * reconnect: the package asks for the address of its next socket, and gets it when the transport is
 * opened again. Below it, the default transport deals with the platform. The schedule, queue and
 * error path of the package are never used.
 */

/**
 * Creates a transport whose sockets are opened, and reopened, by the package
 * `reconnecting-websocket`.
 *
 * The client decides when, as with every transport. Opening throws `bad-url` as the default
 * transport does, and `no-websocket` if there is no class.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
 *
 * const client = new RealtimeClient(url, { transport: reconnectingWebSocket() })
 */
export function reconnectingWebSocket(
  options: ReconnectingWebSocketOptions = {},
): TransportFactory {
  /** Driver that lost its socket and waits for the address of the next one. */
  let idle: Driver | undefined
  const addressOf = secureAddress('ws', options.allowInsecure)
  return {
    name: 'reconnecting-websocket',
    open(url, protocols, handlers) {
      const WebSocketClass = options.WebSocket ?? platformWebSocket()
      // The package opens sockets asynchronously, when it is too late to throw.
      const address = addressOf(url)
      const driver = idle ?? new Driver(webSocketTransport(WebSocketClass, { allowInsecure: true }))
      idle = undefined
      return driver.open(address, protocols, handlers, () => {
        idle = driver
      })
    },
  }
}

/** Options of {@link reconnectingWebSocket}. */
export interface ReconnectingWebSocketOptions extends WebSocketTransportOptions {
  /**
   * Class to open sockets with.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: WebSocketConstructor | undefined
}

/** Longest delay of `setTimeout`, 25 days: the client limits the time of an attempt itself. */
const NEVER = 2 ** 31 - 1

/**
 * An instance of the package, used as long as its sockets are lost and not closed by the client.
 */
class Driver {
  readonly #instance: ReconnectingWebSocket
  #protocols: readonly string[] = []
  #address: Promise<string>
  #resolveAddress: (url: string) => void = () => {}

  constructor(sockets: TransportFactory) {
    this.#address = this.#nextAddress()
    const dial = (url: string, handlers: TransportHandlers) =>
      sockets.open(url, this.#protocols, handlers)
    this.#instance = new ReconnectingWebSocket(() => this.#address, undefined, {
      WebSocket: class extends Socket {
        constructor(url: string) {
          super((handlers) => dial(url, handlers))
        }
      },
      minReconnectionDelay: 0,
      maxReconnectionDelay: 0,
      reconnectionDelayGrowFactor: 1,
      minUptime: 0,
      maxEnqueuedMessages: 0,
      connectionTimeout: NEVER,
    })
  }

  /** Opens the next socket; `lost` is called when the driver can be opened again. */
  open(
    url: string,
    protocols: readonly string[],
    handlers: TransportHandlers,
    lost: () => void,
  ): Transport {
    const instance = this.#instance
    // Calls for one connection must not reach the next one of the same instance.
    let live = true
    instance.onopen = () => handlers.opened()
    instance.onmessage = ({ data }: { data: unknown }) => handlers.message(data)
    instance.onclose = (info: CloseInfo) => {
      if (!live) return
      live = false
      this.#address = this.#nextAddress()
      lost()
      handlers.closed(info)
    }
    this.#protocols = protocols
    this.#resolveAddress(url)
    return {
      get bufferedAmount() {
        return live ? instance.bufferedAmount : 0
      },
      send(data) {
        if (live) instance.send(data)
      },
      close(code, reason) {
        if (!live) return
        live = false
        instance.close(code, reason)
      },
    }
  }

  #nextAddress(): Promise<string> {
    return new Promise((resolve) => {
      this.#resolveAddress = resolve
    })
  }
}

/**
 * The default transport in the shape of a WebSocket, for the package.
 *
 * It never emits `error`, which the package would turn into a clean close of code 1000: its `close`
 * has the true code and the cause.
 */
class Socket {
  /** The package recognises a socket class by this constant. */
  static readonly CLOSING = 2
  /** 0 until it opens, then 1: the package sends if it is 1, and queues otherwise. */
  readyState = 0
  readonly #listeners = new Map<string, (event: object) => void>()
  readonly #transport: Transport | undefined

  constructor(dial: (handlers: TransportHandlers) => Transport) {
    try {
      this.#transport = dial({
        opened: () => {
          this.readyState = 1
          this.#emit('open', {})
        },
        message: (data) => this.#emit('message', { data }),
        closed: (info) => this.#emit('close', info),
      })
    } catch (cause) {
      // If it were thrown, it would be an unhandled rejection.
      queueMicrotask(() => this.#emit('close', { code: 1006, reason: '', cause }))
    }
  }

  get bufferedAmount(): number {
    return this.#transport?.bufferedAmount ?? 0
  }

  send(data: Encoded): void {
    this.#transport?.send(data)
  }

  close(code?: number, reason?: string): void {
    this.#transport?.close(code, reason)
  }

  addEventListener(name: string, listener: (event: object) => void): void {
    this.#listeners.set(name, listener)
  }

  removeEventListener(name: string): void {
    this.#listeners.delete(name)
  }

  #emit(name: string, event: object): void {
    this.#listeners.get(name)?.(event)
  }
}
