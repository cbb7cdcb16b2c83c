import type { Clock } from '../base/clock.ts'
import type {
  CloseInfo,
  Transport,
  TransportFactory,
  TransportHandlers,
} from '../ports/transport.ts'

/**
 * Connections in memory, on the given clock: a transport for the client, and the far ends for the
 * test, with the failures of a network.
 */
export class MemoryPair implements TransportFactory {
  readonly name = 'memory'
  /** Far ends of all connections so far. */
  readonly ends: FarEnd[] = []
  /** If true, nothing gets through in either direction, without any error. */
  frozen = false
  /** If true, connections fail before they open. */
  refusing = false
  readonly #options: MemoryPairOptions

  constructor(options: MemoryPairOptions) {
    this.#options = options
  }

  /** Far end of the newest connection; throws if there is none. */
  get last(): FarEnd {
    const end = this.ends.at(-1)
    if (!end) throw new Error('There is no connection yet. Connect a client first.')
    return end
  }

  open(url: string, protocols: readonly string[], handlers: TransportHandlers): Transport {
    const { clock, latencyMs = 0, autoAccept = true, onConnect } = this.#options
    const received: string[] = []
    const receivedBytes: Uint8Array[] = []
    let near: 'opening' | 'open' | 'closed' = 'opening'
    let closed: CloseInfo | undefined
    const travel = (run: () => void): void => {
      clock.after(latencyMs, () => {
        if (!this.frozen && !far.frozen) run()
      })
    }
    const finish = (info: CloseInfo): void => {
      if (near === 'closed') return
      near = 'closed'
      handlers.closed(info)
    }
    const end = (info: CloseInfo): void => {
      if (closed) return
      closed = info
      far.onClose?.(info)
    }
    const far: FarEnd = {
      url,
      protocols,
      received,
      receivedBytes,
      get closed() {
        return closed
      },
      frozen: false,
      onMessage: undefined,
      onBytes: undefined,
      onClose: undefined,
      accept: () =>
        travel(() => {
          if (near !== 'opening') return
          near = 'open'
          handlers.opened()
        }),
      send: (data) =>
        travel(() => {
          if (near === 'open') handlers.message(data)
        }),
      close: (code = 1000, reason = '') => {
        end({ code, reason })
        travel(() => finish({ code, reason }))
      },
    }
    this.ends.push(far)
    if (this.refusing) far.close(1006)
    else {
      onConnect?.(far)
      if (autoAccept) far.accept()
    }
    return {
      bufferedAmount: 0,
      send: (data) => {
        if (near !== 'open') return
        travel(() => {
          if (closed) return
          if (typeof data === 'string') {
            received.push(data)
            far.onMessage?.(data)
          } else {
            const bytes = new Uint8Array(data)
            receivedBytes.push(bytes)
            far.onBytes?.(bytes)
          }
        })
      },
      close: (code = 1000, reason = '') => {
        near = 'closed'
        travel(() => end({ code, reason }))
      },
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'MemoryPair'
  }
}

/** Options of a {@link MemoryPair}. */
export interface MemoryPairOptions {
  readonly clock: Clock
  /**
   * Delay of every message and connection in one direction, in milliseconds.
   * @default 0
   */
  readonly latencyMs?: number
  /**
   * Whether connections open by themselves.
   * @default true
   */
  readonly autoAccept?: boolean
  /** Called with the far end of every new connection. */
  readonly onConnect?: (far: FarEnd) => void
}

/** The far end of an in-memory connection. */
export interface FarEnd {
  readonly url: string
  readonly protocols: readonly string[]
  /** All messages that the near end has sent as text. */
  readonly received: readonly string[]
  /** All messages that the near end has sent as bytes. */
  readonly receivedBytes: readonly Uint8Array[]
  /** The end of the connection, by either side, or undefined. */
  readonly closed: CloseInfo | undefined
  /** If true, nothing gets through on this connection in either direction, without any error. */
  frozen: boolean
  /** Called with every message of the near end that is text. */
  onMessage: ((data: string) => void) | undefined
  /** Called with every message of the near end that is bytes. */
  onBytes: ((data: Uint8Array) => void) | undefined
  /** Called once, when the connection has ended. */
  onClose: ((info: CloseInfo) => void) | undefined
  /** Opens the near end, if the pair does not do so by itself. */
  accept(): void
  /** Sends a message to the near end. */
  send(data: unknown): void
  /** Ends the connection from this side. */
  close(code?: number, reason?: string): void
}
