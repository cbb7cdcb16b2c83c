/** Number of events by which a reader may be behind before its process stops publishing. */
const MAX_LAG = 500

/** The number of events by which the reader of this process is behind its publishes. */
export class ReaderLag {
  readonly #maxBytes: number
  /** The offset last read of each followed channel. */
  readonly #read = new Map<string, number>()
  /** The published events that were not read yet, by channel; the oldest first. */
  readonly #unread = new Map<string, Unread>()
  #waiting: (() => void)[] = []

  /** @param maxBytes number of bytes by which a reader may be behind on a channel */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Follows a channel from an offset on. */
  follow(channel: string, offset: number): void {
    this.#unread.delete(channel)
    this.read(channel, offset)
  }

  /** Stops following a channel. */
  unfollow(channel: string): void {
    this.#read.delete(channel)
    this.#unread.delete(channel)
    this.#resolve()
  }

  /** Stores that an event of this process, with so many bytes, has got an offset. */
  published(channel: string, offset: number, bytes: number): void {
    if (offset <= (this.#read.get(channel) ?? offset)) return
    const unread = this.#unread.get(channel) ?? { events: [], bytes: 0 }
    this.#unread.set(channel, unread)
    unread.events.push({ offset, bytes })
    unread.bytes += bytes
  }

  /** Stores that an event was read. */
  read(channel: string, offset: number): void {
    this.#read.set(channel, offset)
    const unread = this.#unread.get(channel)
    for (let [first] = unread?.events ?? []; unread && first && first.offset <= offset; ) {
      unread.events.shift()
      unread.bytes -= first.bytes
      first = unread.events[0]
    }
    if (!unread?.events.length) this.#unread.delete(channel)
    this.#resolve()
  }

  /** Resolves once the reader is not too far behind on any channel. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#resolve()
    })
  }

  /** Whether the reader is 500 events or more, or too many bytes, behind on a channel. */
  isBehind(): boolean {
    for (const [channel, { events, bytes }] of this.#unread) {
      const newest = events.at(-1)?.offset ?? 0
      if (newest - (this.#read.get(channel) ?? newest) >= MAX_LAG) return true
      if (bytes >= this.#maxBytes) return true
    }
    return false
  }

  #resolve(): void {
    if (!this.#waiting.length || this.isBehind()) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

interface Unread {
  readonly events: { readonly offset: number; readonly bytes: number }[]
  bytes: number
}
