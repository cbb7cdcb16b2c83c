/**
 * A message of a dialect to a transport that makes HTTP requests for it; the transport answers one with
 * an `id` by an {@link HttpAnswer}.
 *
 * With `request` the transport makes it; with `stream` as well the response is an event stream, which is
 * read under this name in place of a former one. Without `request` the stream of this name is closed. A
 * message that has only an id is answered at once.
 */
export interface HttpOrder {
  readonly id?: string
  readonly request?: HttpRequest
  readonly stream?: string
  /** Whether the stream continues after the last id that was received under its name. */
  readonly resume?: boolean
  /** Whether the stream is requested only if there is an id to continue after. */
  readonly once?: boolean
  /** A renewed token, for all requests from now on. */
  readonly token?: string
}

/** The HTTP request that carries a message of a dialect. */
export interface HttpRequest {
  /** Address, resolved against that for posts, which is that of the client by default. */
  readonly url: string
  /**
   * Method of the request.
   * @default 'POST' with a body, 'GET' without
   */
  readonly method?: string | undefined
  /** Headers of this request, besides those of all. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Body of the request, sent as JSON. */
  readonly body?: unknown
}

/** The answer to an {@link HttpOrder}. */
export interface HttpAnswer {
  readonly id: string
  /** Of the response; 0 if there was none, and `body` is the reason. */
  readonly status: number
  /** Whether the stream was requested with the id of the last event. */
  readonly resumed?: boolean
  readonly body?: string
  readonly retryAfterMs?: number | undefined
}

/** An event of an event stream. */
export interface ServerSentEvent {
  /** The event's name; `message` if it has none. */
  readonly type: string
  /** The text of the event. */
  readonly data: string
  /** The newest id of the stream; empty if there is none. */
  readonly lastEventId: string
}

/** An event with the name of its stream; none for the stream that is the connection. */
export interface HttpEvent extends ServerSentEvent {
  readonly stream?: string
}

/** The end of an event stream by the server (`closed`), or of its TCP connection (`lost`). */
export interface HttpStreamEnd {
  readonly stream: string
  readonly end: 'closed' | 'lost'
  /** As in {@link ServerSentEvent}. */
  readonly lastEventId: string
}
