import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import type { OwnConnection } from '../connection/own-connection.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import { streamsOf } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { isErrorReply, isPassing } from '../connection/unavailable.ts'
import { WAKE } from '../scripts/history.ts'

/** Maximum duration of a read, in milliseconds: detects a connection that died silently. */
const BLOCK_MS = 5_000
/**
 * Numbers of entries in one reply: of one stream at least and at most, and of all streams together.
 * A reader of few streams gets many entries of each, so that writers do not overtake it.
 */
const MIN_ENTRIES = 100
const MAX_ENTRIES = 1_000
const ENTRIES_PER_READ = 10_000

/**
 * A reader of any number of streams on one connection: one blocking XREAD over all of them, each
 * from an explicit id, so that no entry is missed between two reads.
 *
 * The read also includes a wake stream of this process. An entry there ends the read, and the next
 * read includes the streams added meanwhile.
 */
export class StreamReader {
  readonly #deps: StreamReaderDeps
  /** The id of the last entry read, by stream key. */
  readonly #ids = new Map<string, string>()
  #wakeId = '0-0'
  #running = false
  /** Whether the present read was asked to end. */
  #woken = false

  constructor(deps: StreamReaderDeps) {
    this.#deps = deps
  }

  /** Adds a stream, or moves a present one, to continue after an entry. */
  set(key: string, id: string): void {
    this.#ids.set(key, id)
    if (this.#running) this.#wake()
    else void this.#run()
  }

  /** Removes a stream. */
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
        // The connection itself reports that it was lost.
        if (!failures && isErrorReply(error) && !isPassing(error)) report(error)
        await waits.backoff(failures++)
        await failed()
      }
    }
    this.#running = false
  }

  async #read(): Promise<void> {
    const { connection, wakeKey, read } = this.#deps
    this.#woken = false
    const from = new Map(this.#ids)
    const share = Math.floor(ENTRIES_PER_READ / from.size)
    const count = Math.max(MIN_ENTRIES, Math.min(MAX_ENTRIES, share))
    const options = ['COUNT', `${count}`, 'BLOCK', `${BLOCK_MS}`]
    const streams = [wakeKey, ...from.keys(), this.#wakeId, ...from.values()]
    const words = ['XREAD', ...options, 'STREAMS', ...streams]
    const reply = await connection.command(() => words, BLOCK_MS)
    for (const [key, entries] of streamsOf(reply)) {
      if (key === wakeKey) this.#wakeId = entries.at(-1)?.id ?? this.#wakeId
      else {
        for (const entry of entries) {
          // `read` may have removed or moved the stream.
          if (this.#ids.get(key) !== from.get(key)) break
          this.#ids.set(key, entry.id)
          from.set(key, entry.id)
          read(key, entry)
        }
      }
    }
  }

  #wake(): void {
    if (!this.#running || this.#woken || this.#deps.waits.closed) return
    this.#woken = true
    this.#deps.runner.run(WAKE, this.#deps.node).catch(() => {
      // The read ends after BLOCK_MS anyway; allow the next caller to try again.
      this.#woken = false
    })
  }
}

/** Dependencies of a {@link StreamReader}. */
export interface StreamReaderDeps {
  /** A connection that nothing else uses: a blocking read delays all other commands on it. */
  readonly connection: OwnConnection
  /** Writes to the wake stream, on another connection. */
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  /** The id of this process. */
  readonly node: string
  /** The key of the wake stream. */
  readonly wakeKey: string
  /** Called with each entry. */
  readonly read: (key: string, entry: StreamEntry) => void
  /** Called after a failed read; resolves once the ids to continue from are set. */
  readonly failed: () => Promise<void>
  readonly report: (error: unknown) => void
}
