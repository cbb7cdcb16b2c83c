import { asId, asInteger, asNumber, asString, type Fields } from './fields.ts'
import type { EventFrame } from './frame.ts'

/**
 * The frame of an event, of what a peer tells of it.
 *
 * @param told may have `payload`, `id`, `offset`, `prev`, `via` and `timestamp`, as {@link EventFrame}
 * has them; what is none of its kind counts as not told, and so does all else
 */
export function eventFrame(channel: string, type: string, told: Fields): EventFrame {
  return {
    kind: 'event',
    channel,
    type,
    payload: told.payload,
    id: asId(told.id),
    offset: asInteger(told.offset, 1),
    prev: asInteger(told.prev, 0),
    via: asString(told.via),
    timestamp: asNumber(told.timestamp),
  }
}
