import type { EventFrame, Position } from '../protocol/frame.ts'

/**
 * Position of a channel in its history, and the check that arriving events follow on it. It
 * decides, and sends nothing.
 *
 * Within one epoch it lets events pass in rising order, without gaps and duplicates.
 */
export class Continuity {
  // The fields that each event reads come first: of 10,000 channels few are in the processor's cache.
  // For the same reason there are no private methods: with some, V8 adds a field to each object.
  #epoch: string | undefined
  #offset = 0
  /** The id of the event at the client's position. */
  #id: string | undefined
  /**
   * The reason of the gap after a subscribe without a position; `undefined` before the first
   * successful subscribe, when no events can have been missed.
   */
  #unresumed: GapReason | undefined
  /**
   * Last offset of the replay under way, if it is above the client's; the server may have filtered
   * events before it.
   */
  #replayUntil: number | undefined
  /** The client's offset when events were found missing; a lower one says nothing any more. */
  #missingAt: number | undefined
  /** The client's offset when an older event arrived and the server was asked. */
  #doubted: number | undefined

  /** Position of the last delivered event; `undefined` where the backend has none. */
  get position(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#offset }
  }

  /** Whether the channel was live before. */
  get begun(): boolean {
    return this.#unresumed !== undefined
  }

  /**
   * Applies the reply to a successful subscribe, in which {@link position} was sent: until the reply
   * no event moves it.
   *
   * @param at the channel's position at the server
   * @param named whether the server named the channel among its gaps
   * @returns the reason why events may have been missed, if any
   */
  resumed(at: Position | undefined, named: boolean): GapReason | undefined {
    const unresumed = this.#unresumed
    this.#unresumed = 'no-recovery'
    if (this.#epoch === undefined) {
      this.moveTo(at)
      return unresumed
    }
    const broken =
      at && at.epoch !== this.#epoch
        ? 'epoch-changed'
        : at && at.offset < this.#offset
          ? 'went-back'
          : named
            ? 'history-lost'
            : undefined
    if (broken) this.moveTo(at)
    else if (at && at.offset > this.#offset) this.#replayUntil = at.offset
    return broken
  }

  /** Decides about an event, and advances the position if it is delivered. */
  judge(event: EventFrame): Verdict {
    const { offset, id } = event
    if (offset === undefined || this.#epoch === undefined) return 'deliver'
    if (offset < this.#offset) {
      // It is a duplicate, or the client's position is wrong: ask the server once.
      if (this.#doubted === this.#offset) return 'drop'
      this.#doubted = this.#offset
      return 'missing'
    }
    if (offset === this.#offset) {
      const other = id !== undefined && this.#id !== undefined && id !== this.#id
      return other ? 'rewritten' : 'drop'
    }
    const previous = event.prev ?? offset - 1
    const follows =
      previous === this.#offset ||
      (offset > previous && previous > this.#offset && previous === this.#replayUntil)
    if (!follows && this.#missingAt !== this.#offset) {
      this.#missingAt = this.#offset
      return 'missing'
    }
    this.#offset = offset
    this.#id = id
    // Requested once and still missing: the server does not have them.
    return follows ? 'deliver' : 'unfillable'
  }

  /** Whether the channel's position at the server differs from the client's. */
  differs({ epoch, offset }: Position): boolean {
    const isAwaited = offset > this.#offset && offset === this.#replayUntil
    if (this.#epoch === undefined || isAwaited) return false
    return epoch !== this.#epoch || offset !== this.#offset
  }

  /** Discards the position, so that the next subscribe has missed events for this reason. */
  forget(reason: GapReason): void {
    this.moveTo(undefined)
    this.#unresumed &&= reason
  }

  /** Starts from the beginning: the next subscribe cannot have missed events. */
  restart(): void {
    this.moveTo(undefined)
    this.#unresumed = undefined
  }

  /** Sets the position, without regard to the events before it. */
  moveTo(position: Position | undefined): void {
    this.#epoch = position?.epoch
    this.#offset = position?.offset ?? 0
    this.#id = undefined
    this.#replayUntil = undefined
    this.#missingAt = undefined
    this.#doubted = undefined
  }
}

/**
 * The decision about an event: deliver it; drop it, since it was delivered before; request the
 * events that are missing before it; or deliver it after reporting a gap.
 */
export type Verdict = 'deliver' | 'drop' | 'missing' | GapReason

/** The reason why events may have been missed. */
export type GapReason =
  /** The server's history no longer reaches back to the client's position. */
  | 'history-lost'
  /** The channel has a new epoch, and with it another history. */
  | 'epoch-changed'
  /** The server's position is behind the client's. */
  | 'went-back'
  /** The history contains another event at the client's position now. */
  | 'rewritten'
  /** Events are missing, and the server could not send them again. */
  | 'unfillable'
  /** An event did not fit the contract, and no handler got it. */
  | 'bad-event'
  /** More events waited for asynchronous schemas of the contract than are kept. */
  | 'overflow'
  /** The backend cannot replay the events of the time without a connection. */
  | 'no-recovery'
  /** The server had refused or revoked the channel. */
  | 'refused'
  /** Another user is signed in now, who may not resume where the former one was. */
  | 'identity-changed'
