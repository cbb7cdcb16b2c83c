import type { Fields } from '../../protocol/fields.ts'
import { asInteger, asString } from '../../protocol/fields.ts'

/** Number of streams with a position per subscription: one of the others is asked for by time. */
const MOST_STREAMS = 100

const LOST = Number.POSITIVE_INFINITY

/** Returns the offset of an event in its stream, 0 if it has none. */
export function offsetOf({ offset }: Fields): number {
  return asInteger(offset, 1) ?? 0
}

/** The events seen on one stream, in one epoch of its history. */
interface Seen {
  readonly epoch: string
  /** Offset up to which events that have not arrived are not awaited; infinite once the history was lost. */
  floor: number
  /** The floor after the next {@link StreamPositions.settle}. */
  mark: number
  /** The highest offset. */
  newest: number
  /** Offsets above the floor. */
  readonly offsets: Set<number>
}

/**
 * The positions of the streams behind one subscription. Events of a stream may overtake each other, and
 * may arrive both live and out of the history.
 */
export class StreamPositions {
  readonly #streams = new Map<string, Seen>()

  /** Notes an event that is delivered; returns false if it was before. */
  note(wire: Fields): boolean {
    const [stream, epoch] = [asString(wire.stream_id), asString(wire.epoch)]
    const offset = offsetOf(wire)
    if (!stream || !epoch || !offset) return true
    let seen = this.#streams.get(stream)
    if (seen?.epoch !== epoch || (seen.floor === LOST && offset > seen.newest)) {
      const before = offset - 1
      seen = { epoch, floor: before, mark: before, newest: before, offsets: new Set() }
      this.#streams.set(stream, seen)
      const [oldest = ''] = this.#streams.keys()
      if (this.#streams.size > MOST_STREAMS) this.#streams.delete(oldest)
    }
    if (seen.floor === LOST || seen.offsets.has(offset)) return false
    seen.offsets.add(offset)
    seen.newest = Math.max(seen.newest, offset)
    return true
  }

  /**
   * Gives up the events that were overtaken before the last call: the server withholds them, for
   * instance from their sender. A history asked for afterwards does not bring them.
   */
  settle(): void {
    for (const seen of this.#streams.values()) {
      const { floor, mark, newest, offsets } = seen
      if (floor === LOST) continue
      for (const offset of offsets) if (offset <= mark) offsets.delete(offset)
      seen.floor = mark
      seen.mark = newest
    }
  }

  /** Gives up the history: the server does not have all of it. The next event is a beginning. */
  lost(): void {
    for (const seen of this.#streams.values()) seen.floor = LOST
  }

  /** Returns the position of each stream before the first event that is awaited. */
  toRequest(): Fields {
    return Object.fromEntries(
      [...this.#streams].flatMap(([stream, { epoch, floor, offsets }]) => {
        let offset = floor
        while (offsets.has(offset + 1)) offset++
        return floor === LOST ? [] : [[stream, { epoch, offset }]]
      }),
    )
  }
}
