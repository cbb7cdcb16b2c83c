import type { EventFrame } from 'wirefold'

export function eventFrame(payload: unknown, fields: Partial<EventFrame> = {}): EventFrame {
  return {
    kind: 'event',
    channel: 'process:42',
    type: 'event',
    payload,
    id: undefined,
    offset: undefined,
    prev: undefined,
    via: undefined,
    timestamp: undefined,
    ...fields,
  }
}
