import type { CancellableWaits } from '../cancellable-waits.ts'
import type { RedisConnection } from '../connection/redis-connection.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import { streamsOf } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { WAKE } from '../scripts/history.ts'

/** How long a read waits, in milliseconds: a connection that died without a word is found out by then. */
const BLOCK_MS = 5_000
/** The most entries of one stream in one reply. */
const ENTRIES_PER_READ = 100

/** What a {@link StreamReader} needs. */
export interface StreamReaderDeps {
  /** The connection it has for itself. */
  readonly connection: RedisConnection
  /** Wakes it. */
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  /** The id of this process, and the key of the stream that wakes it. */
  readonly node: string
  readonly wakeKey: string
  /** An entry was read. */
  readonly read: (key: string, entry: StreamEntry) => void
  /** A read failed; resolves once it is known where to go on. */
  readonly failed: () => Promise<void>
  readonly report: (error: unknown) => void
}

/**
 * Reads any number of streams on one connection: one blocking XREAD over all of them, each from an
 * explicit id, so that nothing is missed however long it takes until a stream is asked for.
 *
 * The read also waits for a stream of this process's own. An entry there ends it, and the next has the
 * streams that came meanwhile.
 */
export class StreamReader {
  readonly #deps: StreamReaderDeps
  /** The last entry read of every stream. */
  readonly #ids = new Map<string, string>()
  #wakeId = '0-0'
  #running = false
  /** Whether the read under way is about to end. */
  #woken = false

  constructor(deps: StreamReaderDeps) {
    this.#deps = deps
  }

  /** Reads a stream from behind an entry; one that is read already goes on from there. */
  set(key: string, id: string): void {
    this.#ids.set(key, id)
    if (this.#running) this.#wake()
    else void this.#run()
  }

  /** Leaves a stream. */
  delete(key: string): void {
    this.#ids.delete(key)
    if (!this.#ids.size) this.#wake()
  }

  async #run(): Promise<void> {
    const { waits, report, failed } = this.#deps
    this.#running = true
    for (let failures = 0; this.#ids.size && !waits.closed; ) {
      try {
        await this.#read()
        failures = 0
      } catch (error) {
        if (waits.closed) break
        if (!failures) report(error)
        await waits.backoff(failures++)
        await failed()
      }
    }
    this.#running = false
  }

  async #read(): Promise<void> {
    const { connection, wakeKey, read } = this.#deps
    this.#woken = false
    const asked = new Map(this.#ids)
    const how = ['COUNT', `${ENTRIES_PER_READ}`, 'BLOCK', `${BLOCK_MS}`]
    const streams = [wakeKey, ...asked.keys(), this.#wakeId, ...asked.values()]
    const reply = await connection.command(['XREAD', ...how, 'STREAMS', ...streams])
    for (const [key, entries] of streamsOf(reply)) {
      if (key === wakeKey) this.#wakeId = entries.at(-1)?.id ?? this.#wakeId
      else {
        for (const entry of entries) {
          // It was left, or goes on elsewhere: perhaps since the entry before.
          if (this.#ids.get(key) !== asked.get(key)) break
          this.#ids.set(key, entry.id)
          asked.set(key, entry.id)
          read(key, entry)
        }
      }
    }
  }

  #wake(): void {
    if (!this.#running || this.#woken || this.#deps.waits.closed) return
    this.#woken = true
    this.#deps.runner.run(WAKE, this.#deps.node).catch(() => {
      // The read ends by itself in time; whoever comes next may try anew.
      this.#woken = false
    })
  }
}
