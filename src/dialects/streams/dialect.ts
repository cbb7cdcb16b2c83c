import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, notice, readTyped } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { withCredentials, withQuery } from '../../protocol/url-query.ts'

/**
 * How a stream is delivered: `pub-sub` at most once, what comes while nobody is there is lost;
 * `streams` from where one left off, with ids.
 */
export type StreamStrategy = 'pub-sub' | 'streams'

/** One plugin that the server is to run for this connection. */
export interface StreamRequest {
  /** Which plugin: `chat`, `presence`, `notifications`, or one of the server's own. */
  readonly name: string
  /** Where its messages come from, for example `stream:123:chat`. */
  readonly stream: string
  readonly strategy: StreamStrategy
  /** The id of the last message that was seen, for a server that does not keep it itself. */
  readonly lastSeen?: string | undefined
}

/** How a backend of plugins and streams speaks. */
export interface StreamsOptions {
  /** The plugins to ask for, read before every attempt to connect. */
  readonly clients: () => readonly StreamRequest[]
  /**
   * What the server calls the parameter of the address.
   * @default 'clients'
   */
  readonly parameter?: string | undefined
}

/** What holds where nothing is said. */
export const streamsDefaults = { parameter: 'clients' } as const

/**
 * A backend of plugins and streams. What is wanted is said in the address, one JSON text per plugin;
 * a stream is a channel, and subscribing to one that was asked for goes without saying. A message is
 * published as `{type, stream, message}`.
 */
export function streamsDialect(options: StreamsOptions): DialectFactory {
  const parameter = options.parameter ?? streamsDefaults.parameter
  return () => ({
    ...plainDialect,
    name: 'streams',
    // The list of who is there is always whole.
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

/** The same for an address that says itself which plugins are wanted. */
export const streams: DialectFactory = streamsDialect({ clients: () => [] })

/** The plugins that an address asks for; whatever is no JSON of a plugin is left out. */
export function clientsOf(
  address: string,
  parameter: string = streamsDefaults.parameter,
): readonly Fields[] {
  const query = new URLSearchParams(address.slice(address.indexOf('?') + 1))
  return query.getAll(parameter).flatMap((text) => {
    try {
      const value: unknown = JSON.parse(text)
      return isFields(value) ? [value] : []
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
  if (stream === undefined) return notice('malformed', 'of no stream', wire)
  return eventFrame(stream, type, { payload: wire, id: wire.id })
}
