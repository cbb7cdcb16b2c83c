import { isDate } from 'node:util/types'
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
  // Also a date of another realm, as in Jest.
  if (isDate(value)) return Number.isNaN(value.getTime()) ? undefined : new Date(value)
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
