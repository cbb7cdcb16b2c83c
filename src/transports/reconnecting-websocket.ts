import ReconnectingWebSocket from 'reconnecting-websocket'
import type {
  CloseInfo,
  Transport,
  TransportFactory,
  TransportHandlers,
} from '../ports/transport.ts'
import type { WebSocketConstructor, WebSocketTransportOptions } from './websocket.ts'
import { platformWebSocket, webSocketTransport } from './websocket.ts'
import { socketAddress } from './websocket-url.ts'

/*
 * The package between two of our own parts. Above it the client's state machine alone decides when
 * there is a next attempt: the package asks for the address of its next socket, and gets it when
 * the transport is opened again. Below it the default transport deals with the platform. Between
 * them nothing of the package's own schedule, queue and error path is left to act.
 */

/** The longest wait that timers know, 25 days: how long a connection may take is the client's rule. */
const NEVER = 2 ** 31 - 1

/** What {@link reconnectingWebSocket} can be told. */
export interface ReconnectingWebSocketOptions extends WebSocketTransportOptions {
  /**
   * The class to open sockets with.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: WebSocketConstructor | undefined
}

/**
 * A transport that has its sockets opened, and opened again, by the package `reconnecting-websocket`.
 *
 * When that happens stays the client's decision, as with every transport. Opening throws `bad-url`
 * as the default transport does, and `no-websocket` where there is no class.
 *
 * @example
 * const client = new RealtimeClient(url, { transport: reconnectingWebSocket() })
 */
export function reconnectingWebSocket(
  options: ReconnectingWebSocketOptions = {},
): TransportFactory {
  /** Lost its socket and waits for the address of the next. */
  let idle: Driver | undefined
  return {
    name: 'reconnecting-websocket',
    open(url, protocols, handlers) {
      const WebSocketClass = options.WebSocket ?? platformWebSocket()
      // The package opens sockets a moment later, when it is too late to throw.
      const address = socketAddress(url, options.allowInsecure ?? false)
      const driver = idle ?? new Driver(webSocketTransport(WebSocketClass, { allowInsecure: true }))
      idle = undefined
      return driver.open(address, protocols, handlers, () => {
        idle = driver
      })
    },
  }
}

/** One instance of the package, for as long as its sockets are lost and not closed by us. */
class Driver {
  readonly #instance: ReconnectingWebSocket
  #protocols: readonly string[] = []
  #address: Promise<string>
  #give: (url: string) => void = () => {}

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

  /** Has the next socket opened; `lost` is called when this may be done again. */
  open(
    url: string,
    protocols: readonly string[],
    handlers: TransportHandlers,
    lost: () => void,
  ): Transport {
    const instance = this.#instance
    // What was told to one connection must not reach the next one of the same instance.
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
    this.#give(url)
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
      this.#give = resolve
    })
  }
}

/**
 * What the package takes for a WebSocket: the default transport in the shape of one.
 *
 * It never says `error`, of which the package would make a clean close of code 1000: the `close`
 * that it says instead has the true code and the cause.
 */
class Socket {
  /** By this the package recognises a class of sockets. */
  static readonly CLOSING = 2
  /** 0 until it opened, then 1: by this the package knows whether to send or to queue. */
  readyState = 0
  readonly #listeners = new Map<string, (event: object) => void>()
  readonly #transport: Transport | undefined

  constructor(dial: (handlers: TransportHandlers) => Transport) {
    try {
      this.#transport = dial({
        opened: () => {
          this.readyState = 1
          this.#say('open', {})
        },
        message: (data) => this.#say('message', { data }),
        closed: (info) => this.#say('close', info),
      })
    } catch (cause) {
      // Thrown, it would be a rejection that nobody handles.
      queueMicrotask(() => this.#say('close', { code: 1006, reason: '', cause }))
    }
  }

  get bufferedAmount(): number {
    return this.#transport?.bufferedAmount ?? 0
  }

  send(data: string): void {
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

  #say(name: string, event: object): void {
    this.#listeners.get(name)?.(event)
  }
}
