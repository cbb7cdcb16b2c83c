import { type Fields, isFields } from '../../protocol/fields.ts'
import type { EventEncoder } from '../../protocol/server-dialect.ts'
import type { OutgoingEvent } from '../../protocol/server-frame.ts'
import { allFields, SYSTEM, topicOfFields } from './dialect.ts'
import { PROTOCOL_TYPE } from './variants.ts'

/** How a server of topics writes its messages. */
export interface ServerEnvelope extends EventEncoder {
  /**
   * Returns the text of a message of the protocol itself.
   *
   * @param id the id of the message that it answers
   * @param now the time of sending, in milliseconds since the Unix epoch
   */
  write(type: string, fields: Fields, id: string | undefined, now: number): string
}

/** Events whose fields stand beside their type, not in `data`. */
const WITHOUT_DATA = /^(thread_history|stream_\w+)$/

/**
 * The flat envelope, `{type, …, message_id}`. An event names its topic only where the ids in it do
 * not give it.
 */
export const flat: ServerEnvelope = {
  write: (type, fields, id) => JSON.stringify({ type, ...fields, message_id: id ?? null }),
  encodeEvent(event) {
    const { type, channel, json, to } = event
    if (!isSendable(event)) return undefined
    const payload: unknown = json === undefined ? undefined : JSON.parse(json)
    const body = isFields(payload) && WITHOUT_DATA.test(type) ? payload : { data: payload }
    const message = { ...body, type, ...(to !== undefined && { message_id: to }) }
    const read = topicOfFields(type, allFields(message))
    return JSON.stringify(read === channel ? message : { ...message, topic: channel })
  },
}

/** The versioned envelope, `{v: 1, type, topic, ts, req_id, data}`. */
export const versioned: ServerEnvelope = {
  write(type, fields, req_id, ts) {
    const data = req_id === undefined ? fields : { message_id: req_id, ...fields }
    return JSON.stringify({ v: 1, type, topic: SYSTEM, ts, data, req_id })
  },
  encodeEvent(event) {
    const { type, channel: topic, json = '{}', timestamp: ts, to: req_id } = event
    if (!isSendable(event)) return undefined
    const head = JSON.stringify({ v: 1, type, topic, ts, req_id })
    // The payload is JSON already: insert it instead of serializing it once more.
    return `${head.slice(0, -1)},"data":${json}}`
  },
}

/** Sends no event. */
export const silent: EventEncoder = { encodeEvent: () => undefined }

/** Whether the protocol has the event: it has no presence, and reserves the types of its own. */
function isSendable({ type, channel }: OutgoingEvent): boolean {
  return !channel.startsWith('presence:') && !PROTOCOL_TYPE.test(type)
}
