import { asInteger, asString, isFields } from '../../protocol/fields.ts'
import type { Position } from '../../protocol/frame.ts'

/** The part of a channel's past that a subscriber may read. */
export interface Reach {
  /** The beginning of that part; `undefined` if it is all of the past. */
  readonly since: Date | Position | undefined
}

/**
 * Returns a copy of the beginning that a hook gave, so that a later change of it has no effect;
 * `undefined` if it is neither a valid date nor a position.
 */
export function asStart(value: unknown): Date | Position | undefined {
  // Not `instanceof`, which a date of another realm fails, as in Jest.
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const time = Number(value)
    return Number.isNaN(time) ? undefined : new Date(time)
  }
  if (!isFields(value)) return undefined
  const epoch = asString(value.epoch)
  const offset = asInteger(value.offset, 0)
  return epoch === undefined || offset === undefined ? undefined : { epoch, offset }
}

/**
 * Returns the events after the last one that is older than a time. Timestamps of several publishers
 * may not rise; a later event with an older timestamp ends the part that may be read.
 */
export function notBefore<Event extends { readonly timestamp: number }>(
  events: readonly Event[],
  time: Date,
): readonly Event[] {
  const older = events.map(({ timestamp }) => timestamp < time.getTime()).lastIndexOf(true)
  return events.slice(older + 1)
}
