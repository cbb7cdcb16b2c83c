import { asFields, asId, asString, isFields } from '../../protocol/fields.ts'
import type { EventFrame, NoticeFrame } from '../../protocol/frame.ts'
import { eventFrame, noticeFrame } from '../../protocol/frame-constructors.ts'

/** Returns the channel of a process; the gateway serves each process on its own socket. */
export function processChannel(processId: string): string {
  return `process:${processId}`
}

/**
 * Decodes an envelope; a message without an event is ignored with a notice. An event without a
 * readable timestamp is delivered, and reported as malformed.
 */
export function decodeEnvelope(
  wire: unknown,
): NoticeFrame | EventFrame | readonly [EventFrame, NoticeFrame] {
  if (!isFields(wire)) return noticeFrame('malformed', 'it is not an object', wire)
  const { event, timestamp } = wire
  if (!isFields(event)) return noticeFrame('ignored', 'it has no event', wire)
  // Later gateways send the process id beside the event.
  const processId = asString(event.process_id) ?? asString(wire.process_id)
  if (processId === undefined) return noticeFrame('malformed', 'its event has no process_id', wire)
  if (typeof asFields(event.context).kind !== 'string') {
    return noticeFrame('malformed', 'the context of its event has no kind', wire)
  }
  const id = asId(event._id) ?? asId(event.event_id)
  const frame = eventFrame(processChannel(processId), 'event', { payload: event, id, timestamp })
  return frame.timestamp === undefined
    ? [frame, noticeFrame('malformed', 'its timestamp is no number', wire)]
    : frame
}
