import { asFields, asId, asString, isFields } from '../../protocol/fields.ts'
import type { EventFrame, NoticeFrame } from '../../protocol/frame.ts'
import { eventFrame, notice } from '../../protocol/frame-constructors.ts'

/** The channel of a process; its events are those of one whole socket. */
export function processChannel(processId: string): string {
  return `process:${processId}`
}

/** What an envelope means; a message without an event is left aside. */
export function decodeEnvelope(wire: unknown): EventFrame | NoticeFrame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { event, timestamp } = wire
  if (!isFields(event)) return notice('ignored', 'no event in it', wire)
  // Later gateways say the process beside the event.
  const processId = asString(event.process_id) ?? asString(wire.process_id)
  if (processId === undefined) return notice('malformed', 'an event of no process', wire)
  if (typeof asFields(event.context).kind !== 'string') {
    return notice('malformed', 'an event without a context of some kind', wire)
  }
  const id = asId(event._id) ?? asId(event.event_id)
  return eventFrame(processChannel(processId), 'event', { payload: event, id, timestamp })
}
