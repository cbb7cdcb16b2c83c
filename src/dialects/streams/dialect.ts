import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, noticeFrame, readTyped } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { withCredentials, withQuery } from '../../protocol/url-query.ts'

/**
 * The delivery of a stream: `pub-sub` is at most once, and messages sent while the client is
 * disconnected are lost; `streams` resumes after the last message seen, by id.
 */
export type StreamStrategy = 'pub-sub' | 'streams'

/** A plugin that the server is asked to run for a connection. */
export interface StreamRequest {
  /** Name of the plugin: `chat`, `presence`, `notifications`, or a custom one. */
  readonly name: string
  /** Stream of its messages, for example `stream:123:chat`. */
  readonly stream: string
  /** Strategy under which the stream is followed. */
  readonly strategy: StreamStrategy
  /** Id of the last message seen, for a server that does not store it itself. */
  readonly lastSeen?: string | undefined
}

/** Options of {@link streamsDialect}. */
export interface StreamsOptions {
  /** Returns the plugins to request; called before every attempt to connect. */
  readonly clients: () => readonly StreamRequest[]
  /**
   * Name of the URL's query parameter for the plugins.
   * @default 'clients'
   */
  readonly parameter?: string | undefined
}

/** Defaults of {@link StreamsOptions}. */
export const streamsDefaults = { parameter: 'clients' } as const

/**
 * Makes the dialect of a backend of plugins and streams. The URL requests the plugins, one JSON
 * text each. A stream is a channel, and subscribing to it sends no message. A message is published
 * as `{type, stream, message}`.
 */
export function streamsDialect(options: StreamsOptions): DialectFactory {
  const parameter = options.parameter ?? streamsDefaults.parameter
  return () => ({
    ...plainDialect,
    name: 'streams',
    // A `presence` message lists all users.
    snapshots: ['presence'],
    url: (base, credentials) =>
      withQuery(
        withCredentials(base, credentials),
        options.clients().map((client) => [parameter, JSON.stringify(client)]),
      ),
    encode,
    decode: (wire) => readTyped(wire, decode),
  })
}

/** The dialect of {@link streamsDialect} for a URL that already names the plugins. */
export const streams: DialectFactory = streamsDialect({ clients: () => [] })

/**
 * Returns the plugins that a URL requests, by one JSON object per parameter or by an array of them;
 * what is neither is skipped.
 */
export function clientsOf(
  address: string,
  parameter: string = streamsDefaults.parameter,
): readonly Fields[] {
  const query = new URLSearchParams(address.slice(address.indexOf('?') + 1))
  return query.getAll(parameter).flatMap((text) => {
    try {
      const value: unknown = JSON.parse(text)
      return [value].flat().filter(isFields)
    } catch {
      return []
    }
  })
}

function encode(intent: Intent): readonly Outgoing[] | undefined {
  switch (intent.kind) {
    case 'subscribe':
    case 'unsubscribe':
      return []
    case 'publish':
    case 'request': {
      const { type, channel: stream, payload: message } = intent
      return [{ wire: { type, stream, message }, keys: [] }]
    }
    default:
      return undefined
  }
}

function decode(type: string, wire: Fields): Frame {
  const stream = asString(wire.stream)
  if (!stream) return noticeFrame('malformed', 'it has no stream', wire)
  return eventFrame(stream, type, { payload: wire, id: wire.id })
}
