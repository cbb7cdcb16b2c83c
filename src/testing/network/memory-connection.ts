import { utf8Length } from '../../base/utf8-length.ts'
import type { CloseInfo, Transport, TransportHandlers } from '../../ports/transport.ts'
import { bytesOf } from '../bytes-of.ts'
import type { CutOptions, FarEnd, Way } from './far-end.ts'
import type { TransitParts } from './transit.ts'
import { Transit } from './transit.ts'

/** The end of a connection that was simply lost. */
const LOST: CloseInfo = { code: 1006, reason: '' }

/** Dependencies of a connection in memory. */
export interface ConnectionParts extends TransitParts {
  readonly url: string
  readonly protocols: readonly string[]
  readonly handlers: TransportHandlers
  /** Whether nothing gets through on any connection. */
  readonly isFrozen: () => boolean
}

/** One connection in memory: its near end for the client, and its far end for the test. */
export class MemoryConnection {
  readonly near: Transport
  readonly far: FarEnd
  readonly #parts: ConnectionParts
  readonly #toClient: Transit
  readonly #toServer: Transit
  readonly #received: string[] = []
  readonly #receivedBytes: Uint8Array[] = []
  /** Messages for the near end that arrived before it opened. */
  readonly #early: unknown[] = []
  #state: 'opening' | 'open' | 'closed' = 'opening'
  #closed: CloseInfo | undefined

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#toClient = new Transit(parts)
    this.#toServer = new Transit(parts)
    this.near = this.#makeNear(this.#toServer)
    this.far = this.#makeFar(parts)
  }

  #makeNear(transit: Transit): Transport {
    return {
      get bufferedAmount() {
        return transit.waitingBytes
      },
      send: (data) => {
        if (this.#state !== 'open') return
        const sent =
          typeof data === 'string'
            ? this.#corruptedText(data)
            : this.#corruptedBytes(new Uint8Array(data))
        this.#message(transit, sent, () => this.#reach(sent))
      },
      close: (code = 1000, reason = '') => {
        this.#state = 'closed'
        this.#travel(transit, 0, () => this.#end({ code, reason }))
      },
    }
  }

  #makeFar({ url, protocols }: ConnectionParts): FarEnd {
    const connection = this
    const transit = this.#toClient
    return {
      url,
      protocols,
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      frozen: false,
      onMessage: undefined,
      onBytes: undefined,
      onClose: undefined,
      get closed() {
        return connection.#closed
      },
      get bufferedAmount() {
        return transit.bytes
      },
      accept: () => this.#travel(transit, 0, () => this.#opened()),
      send: (data) => {
        const sent = this.#corrupted(data)
        this.#message(transit, sent, () => {
          if (this.#state === 'open') this.#parts.handlers.message(sent)
          else if (this.#state === 'opening') this.#early.push(sent)
        })
      },
      close: (code = 1000, reason = '') => {
        this.#end({ code, reason })
        this.#travel(transit, 0, () => this.#finish({ code, reason }))
      },
      cut: (options) => this.#cut(options),
      finish: () => {
        this.#travel(transit, 0, () => this.#finish(LOST))
        this.#travel(this.#toServer, 0, () => this.#end(LOST))
      },
      hold: (way) => this.#hold(way),
    }
  }

  /** Sends a message, which the weather may lose or duplicate. */
  #message(transit: Transit, data: unknown, arrive: () => void): void {
    const { loss, duplication } = this.#parts.weather
    const bytes = sizeOf(data)
    if (this.#happens(loss)) return
    this.#travel(transit, bytes, arrive)
    if (this.#happens(duplication)) this.#travel(transit, bytes, arrive)
  }

  #travel(transit: Transit, bytes: number, arrive: () => void): void {
    transit.send(bytes, () => {
      if (!this.#parts.isFrozen() && !this.far.frozen) arrive()
    })
  }

  #reach(data: string | Uint8Array): void {
    if (this.#closed) return
    if (typeof data === 'string') {
      this.#received.push(data)
      this.far.onMessage?.(data)
    } else {
      this.#receivedBytes.push(data)
      this.far.onBytes?.(data)
    }
  }

  #opened(): void {
    if (this.#state !== 'opening') return
    this.#state = 'open'
    this.#parts.handlers.opened()
    // The client may close the connection as it opens, or at any message.
    for (const data of this.#early.splice(0)) {
      if (this.#isOpen()) this.#parts.handlers.message(data)
    }
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #cut({ lateMs }: CutOptions = {}): void {
    this.#toClient.stop()
    if (lateMs === undefined) {
      this.#toServer.stop()
      this.#end(LOST)
    } else {
      const release = this.#toServer.hold()
      this.#parts.clock.after(lateMs, release)
      this.#travel(this.#toServer, 0, () => this.#end(LOST))
    }
    this.#finish(LOST)
  }

  #hold(way: Way): () => void {
    const releases = [
      ...(way === 'to-server' ? [] : [this.#toClient.hold()]),
      ...(way === 'to-client' ? [] : [this.#toServer.hold()]),
    ]
    return () => {
      for (const release of releases) release()
    }
  }

  /** Ends the near end. */
  #finish(info: CloseInfo): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#parts.handlers.closed(info)
  }

  /** Ends the far end. */
  #end(info: CloseInfo): void {
    if (this.#closed) return
    this.#closed = info
    this.far.onClose?.(info)
  }

  #happens(share: number): boolean {
    return share > 0 && this.#parts.random.below(1_000_000) < share * 1_000_000
  }

  #corrupted(data: unknown): unknown {
    if (typeof data === 'string') return this.#corruptedText(data)
    const bytes = this.#flips ? bytesOf(data) : undefined
    if (!bytes) return data
    const corrupted = this.#corruptedBytes(bytes)
    return ArrayBuffer.isView(data) ? corrupted : corrupted.buffer
  }

  #corruptedText(text: string): string {
    if (!this.#flips) return text
    return text.replace(/[\s\S]/g, (char) =>
      String.fromCharCode(this.#flipped(char.charCodeAt(0), 7)),
    )
  }

  #corruptedBytes(bytes: Uint8Array): Uint8Array {
    return this.#flips ? bytes.map((byte) => this.#flipped(byte, 8)) : bytes
  }

  get #flips(): boolean {
    return Number.isFinite(this.#parts.weather.flipEvery)
  }

  /** Flips one of the lowest `bits` of a code, at times. */
  #flipped(code: number, bits: number): number {
    const { weather, random } = this.#parts
    return random.below(weather.flipEvery) > 0 ? code : code ^ (1 << random.below(bits))
  }
}

/** Returns the number of bytes of a message. */
function sizeOf(data: unknown): number {
  return typeof data === 'string' ? utf8Length(data) : (bytesOf(data)?.length ?? 0)
}
