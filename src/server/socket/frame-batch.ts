import type { ServerDialect } from '../../protocol/server-dialect.ts'
import { textFrames } from './websocket-frames.ts'

/** Maximum length of joined texts, in UTF-16 units. */
const JOINED_UNITS = 8 * 1024

/**
 * An immutable sequence of texts that are written at once.
 *
 * Connections that send the same texts in one tick reach the same batch, and share its bytes: each
 * batch remembers the last batch made from it.
 */
export class FrameBatch {
  /** Approximate length, in UTF-16 units. */
  readonly units: number
  readonly #join: Join
  readonly #before: FrameBatch | undefined
  readonly #text: string
  #next: FrameBatch | undefined
  #frames: readonly Buffer[] | undefined

  private constructor(join: Join, before: FrameBatch | undefined, text: string) {
    this.units = (before?.units ?? 0) + text.length
    this.#join = join
    this.#before = before
    this.#text = text
  }

  /** Returns a batch without texts. */
  static empty(join: Join): FrameBatch {
    return new FrameBatch(join, undefined, '')
  }

  /** Returns this batch plus one text; the same object again for the same text in a row. */
  and(text: string): FrameBatch {
    const next = this.#next
    if (next && next.#text === text) return next
    this.#next = new FrameBatch(this.#join, this, text)
    return this.#next
  }

  /** The encoded frames, encoded once and shared; see {@link textFrames}. */
  get frames(): readonly Buffer[] {
    this.#frames ??= this.#write()
    return this.#frames
  }

  #write(): readonly Buffer[] {
    const texts: string[] = []
    for (let batch: FrameBatch = this; batch.#before; batch = batch.#before) texts.push(batch.#text)
    texts.reverse()
    return textFrames(this.#join ? joined(texts, this.#join) : texts)
  }
}

/** Joins neighboring texts, up to a length that soon arrives over a slow link. */
function joined(texts: readonly string[], join: NonNullable<Join>): string[] {
  const frames: string[] = []
  let group: string[] = []
  let units = 0
  const end = (): void => {
    if (group.length) frames.push(group.length > 1 ? join(group) : (group[0] ?? ''))
    group = []
    units = 0
  }
  for (const text of texts) {
    if (units + text.length > JOINED_UNITS) end()
    group.push(text)
    units += text.length
  }
  end()
  return frames
}

/** The dialect's function that joins several texts into one; if undefined, each text is a frame. */
export type Join = ServerDialect['join']

/** The present event-loop tick: flushes queues at its end, and shares their batches. */
export class Tick {
  #due: TickFlush[] = []
  readonly #empty = new Map<Join, FrameBatch>()

  /** Returns the empty batch that this tick's batches grow from. */
  begin(join: Join): FrameBatch {
    const present = this.#empty.get(join)
    if (present) return present
    const empty = FrameBatch.empty(join)
    this.#empty.set(join, empty)
    return empty
  }

  /** Requests a flush at the end of this tick. */
  request(queue: TickFlush): void {
    if (this.#due.push(queue) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const due = this.#due
    this.#due = []
    // Batches are shared only within one tick; drop the tree so that it can be collected.
    this.#empty.clear()
    for (const queue of due) queue.flush()
  }
}

/** A queue that is flushed at the end of a tick. */
export interface TickFlush {
  /** Writes the queued texts; must not throw. */
  flush(): void
}
