import { asId, asInteger, asNumber, asString, type Fields } from './fields.ts'
import type { EventFrame } from './frame.ts'

/** The frame of an event, of what a peer tells of it. */
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
