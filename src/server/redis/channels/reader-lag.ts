/** Number of events by which a reader may be behind before its process stops publishing. */
const MAX_LAG = 500

/** How far the reader of this process is behind the events that this process has published. */
export class ReaderLag {
  /** The offset last read of each followed channel. */
  readonly #read = new Map<string, number>()
  /** The offset last published on channels of which it was not read yet. */
  readonly #published = new Map<string, number>()
  #waiting: (() => void)[] = []

  /** Follows a channel from an offset on. */
  follow(channel: string, offset: number): void {
    this.#published.delete(channel)
    this.read(channel, offset)
  }

  /** Stops following a channel. */
  unfollow(channel: string): void {
    this.#read.delete(channel)
    this.#published.delete(channel)
    this.#resolve()
  }

  /** Stores that an event of this process has got an offset. */
  published(channel: string, offset: number): void {
    if (offset > (this.#read.get(channel) ?? offset)) this.#published.set(channel, offset)
  }

  /** Stores that an event was read. */
  read(channel: string, offset: number): void {
    this.#read.set(channel, offset)
    if (offset >= (this.#published.get(channel) ?? 0)) this.#published.delete(channel)
    this.#resolve()
  }

  /** Resolves once the reader is less than 500 events behind on every channel. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#resolve()
    })
  }

  /** Whether the reader is 500 events or more behind on a channel. */
  isBehind(): boolean {
    for (const [channel, offset] of this.#published) {
      if (offset - (this.#read.get(channel) ?? offset) >= MAX_LAG) return true
    }
    return false
  }

  #resolve(): void {
    if (!this.#waiting.length || this.isBehind()) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
