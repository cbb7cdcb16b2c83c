import type { CloseInfo, Transport, TransportFactory } from '../ports/transport.ts'

/** How the far end meets whoever connects. */
export type Reception =
  /** It takes the connection. */
  | 'accepts'
  /** It takes the connection after about 30 ms. */
  | 'accepts late'
  /** Nobody is there. */
  | 'refuses'
  /** The request to open is answered with 401. */
  | 'denies'
  /** Somebody is there, and never answers. */
  | 'says nothing'

/** The far end of one accepted connection. */
export interface TransportPeer {
  /** The subprotocols that were offered. */
  readonly protocols: readonly string[]
  /** Every message so far. */
  readonly received: readonly string[]
  /** How the connection ended as seen from here, if it has. */
  readonly closed: CloseInfo | undefined
  send(data: string | ArrayBuffer): void
  close(code: number, reason: string): void
  /** Cuts the line without a word. */
  cut(): void
  /** From now on nothing is read and nothing answered, while the line stays. */
  freeze(): void
}

/** A transport under test and the far end it connects to; what it cannot do it throws for. */
export interface TransportHarness {
  readonly factory: TransportFactory
  readonly url: string
  /** Accepted connections, oldest first. */
  readonly peers: readonly TransportPeer[]
  /** Lets time pass, in milliseconds: of the real clock, or of the one the transport runs on. */
  pass(ms: number): Promise<void>
  /** Lets go of what is left. */
  dispose?(): void | Promise<void>
}

/**
 * Makes a far end and a transport that reaches it; `greet` is called with each connection in the
 * moment it is accepted.
 */
export type MakeTransport = (
  reception: Reception,
  greet?: (peer: TransportPeer) => void,
) => TransportHarness | Promise<TransportHarness>

/** One opened transport and what it has told. */
export interface Near {
  readonly transport: Transport
  /** What it told, in order: `opened`, `message`, `closed 1000 reason`. */
  readonly told: readonly string[]
  /** The data of its messages. */
  readonly messages: readonly unknown[]
}

/** How long a case waits for what is due, and for what must not come, in milliseconds. */
const PATIENCE_MS = 3_000
const QUIET_MS = 40

/** What a case of the transport suite works with. */
export class TransportBench {
  readonly #harness: TransportHarness

  constructor(harness: TransportHarness) {
    this.#harness = harness
  }

  /** Everybody who has connected so far. */
  get peers(): readonly TransportPeer[] {
    return this.#harness.peers
  }

  /** Opens a transport; `react` is called after it told something. */
  open(protocols: readonly string[] = [], react?: (line: string, near: Near) => void): Near {
    const { factory, url } = this.#harness
    const told: string[] = []
    const messages: unknown[] = []
    const note = (line: string): void => {
      told.push(line)
      react?.(line, near)
    }
    const transport = factory.open(url, protocols, {
      opened: () => note('opened'),
      message: (data) => {
        messages.push(data)
        note('message')
      },
      closed: ({ code, reason }) => note(`closed ${code} ${reason}`.trimEnd()),
    })
    const near: Near = { transport, told, messages }
    return near
  }

  /** Opens a transport to an address that need not be one. */
  openAt(url: string): Transport {
    const ignore = (): void => {}
    const handlers = { opened: ignore, message: ignore, closed: ignore }
    return this.#harness.factory.open(url, [], handlers)
  }

  /** Opens a transport and waits until both ends know of it. */
  async connect(): Promise<{ near: Near; peer: TransportPeer }> {
    const before = this.peers.length
    const near = this.open()
    await this.until('the connection opens', () => near.told[0] === 'opened')
    return { near, peer: await this.peer(before) }
  }

  /** The far end of a connection, by its number. */
  async peer(index = 0): Promise<TransportPeer> {
    await this.until('the far end accepts', () => this.peers.length > index)
    const peer = this.peers[index]
    if (!peer) throw new Error(`There is no peer ${index}.`)
    return peer
  }

  /** Waits until something holds, and throws where it does not in time. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let waited = 0; !holds(); waited += 5) {
      if (waited > PATIENCE_MS) throw new Error(`Not in ${PATIENCE_MS} ms: ${what}.`)
      await this.pass(5)
    }
  }

  /** Waits until a transport has told of its end. */
  async ended({ told }: Near): Promise<void> {
    await this.until('the end is told', () => told.some((line) => line.startsWith('closed')))
  }

  /** Waits long enough for whatever must not come. */
  quiet(): Promise<void> {
    return this.pass(QUIET_MS)
  }

  /** Lets time pass, in milliseconds. */
  pass(ms: number): Promise<void> {
    return this.#harness.pass(ms)
  }
}

/** A case over a far end of one kind, which is gone afterwards. */
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
