import type { HttpRequest } from '../../protocol/http-message.ts'

/** Options of {@link sse}. */
export interface SseDialectOptions {
  /**
   * Returns the event stream of a channel: each channel has one of its own, and `sseStreamsTransport()` is
   * needed. Parameters of a subscribe identify a channel, and are passed on: as a query, or as a body.
   * @default none: the address of the client is the one stream, with the events of all channels
   */
  readonly stream?: ((channel: string, params: unknown) => SseStream) | undefined
  /**
   * Returns the one event stream of all channels that are subscribed to, which the request names: it is
   * requested anew with each further channel. `sseStreamsTransport()` is needed, and `stream` left out.
   * @default none
   */
  readonly sharedStream?: ((channels: readonly string[]) => SseStream) | undefined
  /**
   * Returns the HTTP request for a request of the client; the JSON of its response is the reply.
   * @default a POST of `{ type, channel, payload }` to the address for posts
   */
  readonly request?: ((request: SseRequest) => HttpRequest) | undefined
  /**
   * Returns the HTTP request that publishes an event.
   * @default none: the client cannot publish
   */
  readonly publish?: ((event: SseRequest) => HttpRequest) | undefined
  /**
   * Returns the meaning of an event; `undefined` for an event to skip. Members that are left out have their
   * default.
   * @default nothing but the defaults
   */
  readonly read?: ((event: SseEvent) => SseReading | undefined) | undefined
  /**
   * The form of the data of events. With `json`, data that is no JSON is reported as `bad-frame`; empty data is ''.
   * @default 'json'
   */
  readonly data?: 'json' | 'text' | undefined
  /**
   * Whether the server continues a stream after the id in `Last-Event-ID`, so that nothing is lost. If not,
   * and where there is no id, a channel whose stream was lost is in a `gap`.
   * @default false
   */
  readonly replays?: boolean | undefined
}

/** The request for an event stream. */
export interface SseStream extends HttpRequest {
  /**
   * Whether the stream is one answer, such as that of a language model: a channel `ended` with the end of
   * its stream, is refused by an event `error`, and where the stream is lost without an id to continue
   * after, it is refused with `stream-lost` instead of asking a second time.
   * @default true with a body
   */
  readonly once?: boolean | undefined
}

/** A request of the client, or an event that it publishes. */
export interface SseRequest {
  /** Type of the request or event. */
  readonly type: string
  /** Channel of the request or event, if it has one. */
  readonly channel: string | undefined
  /** Payload of the request or event. */
  readonly payload: unknown
  /** Unique for each, and the same when it is sent again. */
  readonly id: string
  /** Id for the event that it causes: one of which `read` returns it as `id` is known as the client's own. */
  readonly eventId: string | undefined
}

/** An event of an event stream. */
export interface SseEvent {
  /** The event's name; `message` if it has none. */
  readonly type: string
  /** The data: the value of the JSON, or the text. */
  readonly data: unknown
  /** The newest id of the stream; empty if there is none. */
  readonly lastEventId: string
  /** The channel of the stream, where each channel has its own. */
  readonly channel: string | undefined
}

/** The meaning of an event of an event stream: an event of a channel, its end, its refusal, or a gap. */
export interface SseReading {
  /**
   * Channel of the event.
   * @default that of the stream, or the field `channel` of the data
   */
  readonly channel?: string | undefined
  /**
   * Type of the event.
   * @default the event's name
   */
  readonly type?: string | undefined
  /**
   * Payload of the event.
   * @default the data
   */
  readonly payload?: unknown
  /** Id of the event, by which copies of it are recognised. */
  readonly id?: string | undefined
  /** Whether the channel has ended with it, in place of an event. */
  readonly ended?: boolean | undefined
  /** The error with which the channel is refused, in place of an event. */
  readonly error?: { readonly code?: unknown; readonly message?: unknown } | undefined
  /** Whether the server says that it cannot continue after the id it was sent: all channels of the stream are in a gap. */
  readonly gap?: boolean | undefined
}
