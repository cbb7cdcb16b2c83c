import type { EventFrame, Position } from '../protocol/frame.ts'

/** Why it cannot be shown that nothing was missed. */
export type GapReason =
  /** The server's history no longer reaches back to where we were. */
  | 'history-lost'
  /** The channel has another history now. */
  | 'epoch-changed'
  /** The server is behind where we were. */
  | 'went-back'
  /** A place in the history that we know holds another event now. */
  | 'rewritten'
  /** Events are missing, and asking for them did not bring them. */
  | 'unfillable'
  /** The backend cannot tell what was missed while the connection was away. */
  | 'no-recovery'

/**
 * What to do with an event: give it to the handlers; leave it, it was given before; ask the server
 * again, some before it are missing; or give it after saying that there is a gap.
 */
export type Verdict = 'deliver' | 'drop' | 'missing' | GapReason

/**
 * Where a channel is in its history, and whether what arrives follows on that. Nothing here acts.
 *
 * Within one epoch the events that it lets through rise without a hole, each once.
 */
export class Continuity {
  #epoch: string | undefined
  #offset = 0
  /** The id of the event at our position. */
  #id: string | undefined
  /** The last offset of the replay that is under way; some before it may not be due to us. */
  #replayUntil: number | undefined
  /** What the last subscribe said. */
  #asked: Position | undefined
  /** Where we were when events were found missing, until that is past. */
  #missingAt: number | undefined
  /** Where we were when an older event came, and the server was asked. */
  #doubted: number | undefined
  /** Whether anything could have been missed: not before the first subscribe succeeded. */
  #begun = false

  /** The place of the last event that was let through; `undefined` where the backend has none. */
  get position(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#offset }
  }

  /** Whether the channel was live before. */
  get begun(): boolean {
    return this.#begun
  }

  /** The position to resume at, read at the moment it is said. */
  asking(): Position | undefined {
    this.#asked = this.position
    return this.#asked
  }

  /**
   * A subscribe succeeded.
   *
   * @param at where the server says the channel is
   * @param named whether the server named the channel among its gaps
   * @returns why it cannot be shown that nothing was missed, where that is so
   */
  answered(at: Position | undefined, named: boolean): GapReason | undefined {
    const asked = this.#asked
    const began = this.#begun
    this.#asked = undefined
    this.#begun = true
    if (asked === undefined) {
      this.#moveTo(at)
      return began ? 'no-recovery' : undefined
    }
    const broken =
      at && at.epoch !== asked.epoch
        ? 'epoch-changed'
        : at && at.offset < asked.offset
          ? 'went-back'
          : named
            ? 'history-lost'
            : undefined
    if (broken) this.#moveTo(at)
    else if (at && at.offset > this.#offset) this.#replayUntil = at.offset
    return broken
  }

  /** Judges an event, and moves on where it is let through. */
  judge(event: EventFrame): Verdict {
    const { offset, id } = event
    if (offset === undefined || this.#epoch === undefined) return 'deliver'
    if (offset < this.#offset) return this.#doubt()
    if (offset === this.#offset) {
      const other = id !== undefined && this.#id !== undefined && id !== this.#id
      return other ? 'rewritten' : 'drop'
    }
    const previous = event.prev ?? offset - 1
    const follows =
      previous === this.#offset ||
      (offset > (this.#replayUntil ?? offset) && previous === this.#replayUntil)
    if (!follows) {
      // Asked for once and still missing: nobody has it.
      if (this.#missingAt === this.#offset) return this.#accept(event, 'unfillable')
      this.#missingAt = this.#offset
      return 'missing'
    }
    return this.#accept(event, 'deliver')
  }

  /** The server says how far the channel is; true where that is not where we are. */
  differs({ epoch, offset }: Position): boolean {
    if (this.#epoch === undefined || offset === this.#replayUntil) return false
    return epoch !== this.#epoch || offset !== this.#offset
  }

  /** Whatever is known of the history belongs to somebody else. */
  forget(): void {
    this.#moveTo(undefined)
  }

  /** Begins anew: whatever the next subscribe brings, nothing was missed before it. */
  restart(): void {
    this.forget()
    this.#asked = undefined
    this.#begun = false
  }

  /** What happened long ago is told again, or we are not where we believe to be: the server knows. */
  #doubt(): Verdict {
    if (this.#doubted === this.#offset) return 'drop'
    this.#doubted = this.#offset
    return 'missing'
  }

  #accept<V extends Verdict>({ offset, id }: EventFrame, verdict: V): V {
    this.#offset = offset ?? this.#offset
    this.#id = id
    this.#missingAt = undefined
    if (this.#replayUntil !== undefined && this.#offset >= this.#replayUntil) {
      this.#replayUntil = undefined
    }
    return verdict
  }

  #moveTo(position: Position | undefined): void {
    this.#epoch = position?.epoch
    this.#offset = position?.offset ?? 0
    this.#id = undefined
    this.#replayUntil = undefined
    this.#missingAt = undefined
    this.#doubted = undefined
  }
}
