import { isBefore, sortKeyOf } from '../../context/event-order.ts'
import { indexBehind } from './order-by-id.ts'

/**
 * Time in milliseconds for which a replay counts as under way: from the start of a connection, and
 * from each message that a newer one has overtaken.
 */
const REPLAY_MS = 10_000

/** Maximum number of ids remembered for a stream; the lowest are removed first. */
const REMEMBERED = 1_000

/**
 * The ids received from each plugin's stream, and the id after which the stream is resumed; ids such
 * as `1701377504203-0` compare as numbers.
 *
 * A message may overtake the replay of the messages before it. So a message is recognised by its own
 * id, and a stream is resumed after the newest id only where no replay was under way when the
 * connection was lost, else after the same id as before.
 */
export class LastSeen {
  readonly #byName = new Map<string, Seen>()

  /** Returns the id after which the stream is to be resumed; `undefined` before the first message. */
  of(name: string): string | undefined {
    return this.#byName.get(name)?.resumeAfter
  }

  /** Records an id; returns false if it was seen before, true for an id that cannot be compared. */
  add(name: string, id: string | undefined, now: number): boolean {
    const key = sortKeyOf('id', { id })
    if (id === undefined || key === undefined) return true
    const seen = this.#byName.get(name) ?? { ...NOTHING, ids: [] }
    this.#byName.set(name, seen)
    const { ids } = seen
    const index = indexBehind(ids, key)
    const before = sortKeyOf('id', { id: ids[index - 1]?.id ?? seen.forgotten })
    if (before !== undefined && !isBefore(before, key)) return false
    if (index < ids.length) seen.replayUntil = now + REPLAY_MS
    ids.splice(index, 0, { id })
    if (ids.length > REMEMBERED) seen.forgotten = ids.shift()?.id
    return true
  }

  /** Expects replays: a connection was opened. */
  opened(now: number): void {
    for (const seen of this.#byName.values()) seen.replayUntil = now + REPLAY_MS
  }

  /**
   * Resumes after the newest ids where no replay was under way: the connection was lost. A stream
   * that has not been resumed yet is resumed after its first id.
   */
  lost(now: number): void {
    for (const seen of this.#byName.values()) {
      if (now >= seen.replayUntil) seen.resumeAfter = seen.ids.at(-1)?.id
      else seen.resumeAfter ??= seen.ids[0]?.id
      // What is missing now arrives on the next connection only.
      seen.replayUntil = Number.POSITIVE_INFINITY
    }
  }
}

/** The ids received from one stream. */
interface Seen {
  /** The ids remembered, in ascending order. */
  readonly ids: { readonly id: string }[]
  /** The highest id that is not remembered any more; it and all below count as seen. */
  forgotten: string | undefined
  resumeAfter: string | undefined
  /** Time until which a replay counts as under way. */
  replayUntil: number
}

const NOTHING = { forgotten: undefined, resumeAfter: undefined, replayUntil: 0 }
