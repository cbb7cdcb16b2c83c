import type { CloseInfo, Transport, TransportFactory } from '../../ports/transport.ts'

/**
 * A transport under test, and the far end it connects to; throws for a reception it cannot
 * simulate.
 */
export interface TransportHarness {
  /** The transport under test. */
  readonly factory: TransportFactory
  /** Address at which the far end accepts connections. */
  readonly url: string
  /** Accepted connections, oldest first. */
  readonly peers: readonly TransportPeer[]
  /** Waits, in milliseconds of the real clock, or of the one that the transport runs on. */
  pass(ms: number): Promise<void>
  /**
   * The ends that the transport reports where its connections carry no close codes.
   * @default those of a WebSocket: code and reason of the far end, and 1006 where it denies
   */
  readonly ends?: {
    /** The end by the far end's `close()`. */
    readonly closed: CloseInfo
    /** The end where the far end denies the connection. */
    readonly denied: CloseInfo
  }
  /** Releases all resources. */
  dispose?(): void | Promise<void>
}

/** The far end of one accepted connection. */
export interface TransportPeer {
  /** Subprotocols that were offered. */
  readonly protocols: readonly string[]
  /** Messages received so far as text. */
  readonly received: readonly string[]
  /** Binary messages received so far; left out where a connection carries only text. */
  readonly receivedBytes?: readonly Uint8Array[]
  /** The end of the connection as seen from here, if it has ended. */
  readonly closed: CloseInfo | undefined
  /** Sends a message. */
  send(data: string | ArrayBuffer): void
  /** Ends the connection with a closing handshake. */
  close(code: number, reason: string): void
  /** Breaks the connection without a close. */
  cut(): void
  /** Stops reading and answering, while the connection stays open. */
  freeze(): void
}

/** The way in which the far end treats a connection. */
export type Reception =
  /** It accepts the connection. */
  | 'accepts'
  /** It accepts the connection after about 30 ms. */
  | 'accepts late'
  /** It refuses the TCP connection. */
  | 'refuses'
  /** It answers the first HTTP request with 401. */
  | 'denies'
  /** It takes the TCP connection and never answers. */
  | 'says nothing'

/**
 * Creates a far end and a transport to it; `greet` is called with each connection at the moment it
 * is accepted.
 */
export type MakeTransport = (
  reception: Reception,
  greet?: (peer: TransportPeer) => void,
) => TransportHarness | Promise<TransportHarness>

/** An opened transport, and the calls of its handlers. */
export interface Near {
  readonly transport: Transport
  /** Calls of its handlers, in order: `opened`, `message`, `closed 1000 reason`. */
  readonly events: readonly string[]
  /** Data of its messages. */
  readonly messages: readonly unknown[]
}

/** Time limit of expected events, and the wait for unexpected ones, in milliseconds. */
const PATIENCE_MS = 3_000

const QUIET_MS = 40

/** The tools of a case of the transport suite. */
export class TransportBench {
  readonly #harness: TransportHarness

  constructor(harness: TransportHarness) {
    this.#harness = harness
  }

  /** Connections so far, oldest first. */
  get peers(): readonly TransportPeer[] {
    return this.#harness.peers
  }

  /** Opens a transport; `react` is called after each call of a handler. */
  open(protocols: readonly string[] = [], react?: (event: string, near: Near) => void): Near {
    const { factory, url } = this.#harness
    const events: string[] = []
    const messages: unknown[] = []
    const record = (event: string): void => {
      events.push(event)
      react?.(event, near)
    }
    const transport = factory.open(url, protocols, {
      opened: () => record('opened'),
      message: (data) => {
        messages.push(data)
        record('message')
      },
      closed: (info) => record(closing(info)),
    })
    const near: Near = { transport, events, messages }
    return near
  }

  /** Returns the event of an end by the far end's `close()`. */
  closed(code: number, reason: string): string {
    return closing(this.#harness.ends?.closed ?? { code, reason })
  }

  /** Returns the event of an end where the far end does not accept the connection. */
  refused(reception: Reception): string {
    const { ends } = this.#harness
    return closing((reception === 'denies' && ends?.denied) || { code: 1006, reason: '' })
  }

  /** Opens a transport to an address that may be invalid. */
  openAt(url: string): Transport {
    const ignore = (): void => {}
    const handlers = { opened: ignore, message: ignore, closed: ignore }
    return this.#harness.factory.open(url, [], handlers)
  }

  /** Opens a transport and waits until both ends are open. */
  async connect(): Promise<{ near: Near; peer: TransportPeer }> {
    const before = this.peers.length
    const near = this.open()
    await this.until('the connection opens', () => near.events[0] === 'opened')
    return { near, peer: await this.peer(before) }
  }

  /** Returns the far end of a connection, by its number. */
  async peer(index = 0): Promise<TransportPeer> {
    await this.until('the far end accepts', () => this.peers.length > index)
    const peer = this.peers[index]
    if (!peer) throw new Error(`There is no peer ${index}.`)
    return peer
  }

  /** Waits until a condition holds; throws if it does not in time. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let waited = 0; !holds(); waited += 5) {
      if (waited > PATIENCE_MS) throw new Error(`Not in ${PATIENCE_MS} ms: ${what}.`)
      await this.pass(5)
    }
  }

  /** Waits until a transport has reported its end. */
  async ended({ events }: Near): Promise<void> {
    await this.until('the end is reported', () =>
      events.some((event) => event.startsWith('closed')),
    )
  }

  /** Waits long enough for unexpected events. */
  quiet(): Promise<void> {
    return this.pass(QUIET_MS)
  }

  /** Waits, in milliseconds. */
  pass(ms: number): Promise<void> {
    return this.#harness.pass(ms)
  }
}

function closing({ code, reason }: CloseInfo): string {
  return `closed ${code} ${reason}`.trimEnd()
}

/** Returns a case that runs with a far end of one kind, and disposes of it afterwards. */
export function on(
  reception: Reception,
  run: (bench: TransportBench) => Promise<void>,
): (make: MakeTransport) => Promise<void> {
  return async (make) => {
    const harness = await make(reception)
    try {
      await run(new TransportBench(harness))
    } finally {
      await harness.dispose?.()
    }
  }
}
