import type { Command } from '../../protocol/command.ts'
import { asString, type Fields, isFields } from '../../protocol/fields.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { EventEncoder, ServerDialect } from '../../protocol/server-dialect.ts'
import type { OutgoingEvent } from '../../protocol/server-frame.ts'

/** The server half of the dialect of streams, for one connection. */
export interface StreamsServer extends ServerDialect {
  /**
   * The encoders of the channels that the connection follows; nothing is sent of other channels, nor
   * is anything else but their events.
   */
  readonly encoders: Map<string, EventEncoder>
}

/**
 * Makes the server half of the dialect of a backend of plugins and streams. The address requests the
 * plugins; a message `{type, stream, message}` is a request, to which the protocol has no reply.
 *
 * @param revoked called with a channel whose subscription was revoked, of which the protocol says nothing
 */
export function streamsServer(revoked: (channel: string) => void = () => {}): StreamsServer {
  const encoders = new Map<string, EventEncoder>()
  return {
    name: 'streams',
    recovery: false,
    dedupes: false,
    encoders,
    decode: (wire) => [isFields(wire) ? decodeMessage(wire) : malformed('not an object')],
    encode(frame) {
      if (frame.kind === 'unsubscribed') revoked(frame.channel)
      return undefined
    },
    encodeEvent: () => undefined,
    events: (channel) => encoders.get(channel) ?? silent,
    closing: ({ code }) =>
      code === 'not-authenticated' ? { code: 1008, reason: 'User not authenticated' } : undefined,
  }
}

/** Sends the events of a stream without ids; delivery is at most once. */
export const withoutIds: EventEncoder = { encodeEvent: (event) => encode(event, undefined) }

/** Sends the events of a stream with their ids, after which a client resumes. */
export const withIds: EventEncoder = { encodeEvent: (event) => encode(event, streamIdOf(event)) }

const silent: EventEncoder = { encodeEvent: () => undefined }

/** Matches the id of a message in a stream. */
const STREAM_ID = /^(\d{1,15})-(\d{1,15})$/
/** Maximum number of events of a channel, by which the second number of an id names the channel, too. */
const EVENTS = 100_000_000_000

/**
 * Returns the id of an event in a stream, `<ms>-<seq>`: its time, and its offset in the history of
 * its channel; `undefined` for an event without a position.
 *
 * @param source number of the channel among those of which events are sent on the stream, by which
 * the ids of two channels differ; 0 for the stream itself
 */
export function streamIdOf(
  { timestamp, offset }: Pick<OutgoingEvent, 'timestamp' | 'offset'>,
  source = 0,
): string | undefined {
  return offset ? `${Math.floor(timestamp)}-${source * EVENTS + offset}` : undefined
}

/** Reads an id of {@link streamIdOf}; returns `undefined` for a text that is none. */
export function readStreamId(id: string): StreamId | undefined {
  const match = STREAM_ID.exec(id)
  if (!match) return undefined
  const seq = Number(match[2])
  return { ms: Number(match[1]), source: Math.floor(seq / EVENTS), offset: seq % EVENTS }
}

/** The parts of the id of a message. */
export interface StreamId {
  /** Time in milliseconds since the Unix epoch. */
  readonly ms: number
  /** Number of the channel among those of the stream. */
  readonly source: number
  readonly offset: number
}

/** Returns the text of a message on a stream; the names of its fields are those of the protocol. */
export function streamMessage(
  stream: string,
  type: string,
  fields: Fields,
  id: string | undefined,
): string {
  return JSON.stringify({ ...fields, type, stream, ...(id !== undefined && { id }) })
}

function encode({ channel, type, json }: OutgoingEvent, id: string | undefined): string {
  const payload: unknown = json === undefined ? undefined : JSON.parse(json)
  return streamMessage(channel, type, isFields(payload) ? payload : { message: payload }, id)
}

function decodeMessage({ type, stream, message }: Fields): Command {
  if (!isName(type)) return malformed(`a type is ${NAME_RULE}`)
  const channel = asString(stream)
  // The protocol has no reply, so requests run in their order.
  return { kind: 'request', requestId: undefined, ordered: true, type, channel, payload: message }
}

function malformed(reason: string): Command {
  return { kind: 'malformed', reason, requestId: undefined }
}
