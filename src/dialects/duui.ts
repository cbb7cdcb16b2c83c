import type { Dialect, DialectFactory } from '../wire/dialect.ts'
import { asFields, asId, asNumber, asString, isFields } from '../wire/fields.ts'
import type { Frame } from '../wire/frame.ts'
import { notice } from '../wire/notice.ts'
import { withQuery } from '../wire/query.ts'

/** The channel of a process; its events are those of one whole socket. */
export function processChannel(processId: string): string {
  return `process:${processId}`
}

const dialect: Dialect = {
  name: 'duui',
  capabilities: {
    acks: false,
    recovery: false,
    presence: false,
    dedupes: false,
    families: false,
    batches: false,
  },
  presets: { backoff: { minMs: 0, initialMs: 2000, factor: 2, maxMs: 30_000, jitter: 'equal' } },
  heartbeat: 'none',
  fatalCloseCodes: [1008, 4403],
  protocols: [],
  url: (base, { token, query }) =>
    withQuery(base, token === undefined ? { ...query } : { ...query, token }),
  match: () => false,
  decode: decodeEnvelope,
  // One whole socket per process, one way: a subscription is live once the socket is, and there is
  // no word for anything else.
  encode: (intent) =>
    intent.kind === 'subscribe' || intent.kind === 'unsubscribe' ? [] : undefined,
}

/**
 * The event stream of a DUUI gateway: every envelope is an event of the channel
 * `process:<process_id>`, with the gateway's `event` as its payload. Messages of the older styles
 * (`process_state`, `documents_delta`) are left aside with a notice.
 */
export const duui: DialectFactory = () => dialect

function decodeEnvelope(wire: unknown): Frame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { event, timestamp } = wire
  if (!isFields(event)) return notice('ignored', 'no event in it', wire)
  const processId = asString(event.process_id)
  if (processId === undefined) return notice('malformed', 'an event of no process', wire)
  if (typeof asFields(event.context).kind !== 'string') {
    return notice('malformed', 'an event without a context of some kind', wire)
  }
  return {
    kind: 'event',
    channel: processChannel(processId),
    type: 'event',
    payload: event,
    id: asId(event._id) ?? asId(event.event_id),
    offset: undefined,
    prev: undefined,
    via: undefined,
    timestamp: asNumber(timestamp),
  }
}
