import type { Unsubscribe } from '../base/emitter.ts'
import { checkNames, withDefaults } from '../base/known-names.ts'
import type { Readable } from '../base/store.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EventsOf, SendArgs, Sends, TypesIn } from '../contract/event-types.ts'
import type { NameBound, PublishArg, RequestBound } from '../contract/name-types.ts'
import type { Answer, RequestArg, RequestArgs } from '../contract/request-types.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { OutgoingRequest, RequestOptions } from '../ports/outgoing-request.ts'
import type { EventFrame, Reply, ReplyFrame } from '../protocol/frame.ts'
import type { RequestCounts } from '../requests/pending-requests.ts'
import type { ClientEvents } from './client-events.ts'
import { clientEventNames, otherEventNames } from './client-events.ts'
import { ClientRuntime } from './client-runtime.ts'
import type { ClientStats } from './client-stats.ts'
import type { ClientOptions, ResolvedClientOptions } from './options.ts'
import { resolveClientOptions } from './options.ts'

/**
 * A connection to one backend.
 *
 * It connects when it is first needed, reconnects until `close()`, and settles every request
 * exactly once. Extensions such as `ChannelSubscriber` use it through {@link port}.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 *
 * const client = new RealtimeClient('wss://api.example.com/ws', { auth: () => session.token() })
 * const task = await client.request('task:create', { title: 'Write' })
 */
export class RealtimeClient<C extends Untyped = Untyped> {
  /** Carries the type of the contract to all that is given the client; never set at run time. */
  declare readonly contract?: C | undefined
  readonly #options: ResolvedClientOptions
  readonly #runtime: ClientRuntime

  /**
   * Creates a client that is not connected yet. Throws `bad-option` for an option of an unknown name, and
   * for a contract that `contract()` did not make.
   *
   * @param url a `wss:` address, or one relative to the page; `ws:` only to this machine, to the host
   * of a page that was loaded over http, or with `allowInsecure`
   */
  constructor(url: string, options: ClientOptions<C> = {}) {
    this.#options = resolveClientOptions(options)
    this.#runtime = new ClientRuntime(url, this.#options)
  }

  /** The port for extensions such as `ChannelSubscriber`. */
  get port(): ClientPort {
    return this.#runtime
  }

  /**
   * State of the connection: `idle`, `connecting`, `open`, `waiting`, `offline`, `closed` or
   * `failed`.
   */
  get state(): Readable<ConnectionState> {
    return this.#runtime.connection.state
  }

  /** The client's user id, by the server's last welcome; kept while disconnected. */
  get userId(): string | undefined {
    return this.#runtime.userId
  }

  /** Numbers of requests that are queued, or sent and not answered. */
  get pending(): Readable<RequestCounts> {
    return this.#runtime.requests.pending
  }

  /**
   * Adds a listener for an event of the client; the returned function removes it. Throws
   * `bad-option` if there is no such event.
   */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): Unsubscribe {
    checkNames('RealtimeClient', { [event]: listener }, clientEventNames, otherEventNames)
    return this.#runtime.events.on(event, listener)
  }

  /**
   * Connects now, without waiting for the next attempt; does nothing if it is connected.
   *
   * @returns a promise that resolves once the client is `open`, or rejects once it is `closed` or
   * `failed`; the same one until then
   */
  connect(): Promise<void> {
    return this.#runtime.connect()
  }

  /**
   * Closes the connection and rejects every pending request with `closed`; stored requests remain
   * stored. `connect()` opens it again.
   */
  close(): void {
    this.#runtime.connection.input({ name: 'close' })
  }

  /**
   * Sends a request and returns the payload of its reply.
   *
   * If the connection is lost before the reply, the request is sent again until its deadline, and
   * the server carries it out only once. Where the backend cannot ensure that, it rejects with
   * `disconnected`, unless it is `idempotent`.
   *
   * Rejects with `request-timeout`, `aborted`, `disconnected`, `outbox-full`, `outcome-unknown`,
   * `superseded`, `bad-payload`, `dialect-failed`, `too-large`, `unsupported`, `not-stored`,
   * `identity-changed`, `closed`, `failed`, or the code of the server's refusal.
   */
  request<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
    ...args: RequestArgs<C, X, RequestOptions>
  ): Promise<Answer<C, X>>
  async request(type: string, payload?: unknown, options?: RequestOptions): Promise<unknown> {
    return (await this.#request(type, payload, options)).payload
  }

  /**
   * Sends a request as {@link request} does, and also returns the positions of the events it
   * caused.
   */
  requestWithPosition<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
    ...args: RequestArgs<C, X, RequestOptions>
  ): Promise<Reply<Answer<C, X>>>
  async requestWithPosition(
    type: string,
    payload?: unknown,
    options?: RequestOptions,
  ): Promise<Reply> {
    const { payload: answer, at } = await this.#request(type, payload, options)
    return { payload: answer, at }
  }

  /**
   * Publishes an event on a channel, and waits until the server has accepted it.
   *
   * Rejects as {@link request} does.
   *
   * @returns the event's id, which its broadcast carries as well: see {@link isOwn}
   */
  publish<
    const X extends NameBound<C>,
    const Type extends TypesIn<C, Map>,
    Map = EventsOf<C, X & string>,
  >(
    channel: PublishArg<C, X>,
    type: Type,
    ...args: SendArgs<Sends<C, Map, Type>, PublishOptions>
  ): Promise<string>
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<string> {
    this.#runtime.checks?.channel(channel)
    const id = this.eventId()
    const requestId = this.#runtime.requestId()
    const timestamp = this.#options.clock.wall()
    await this.#send({ kind: 'publish', requestId, timestamp, type, channel, id, payload }, options)
    return this.eventTag + id
  }

  /**
   * The text that the server puts before the ids of the events that this user causes, by its last
   * welcome; empty if it puts none. No other user's events have it.
   */
  get eventTag(): string {
    return this.#runtime.eventTag
  }

  /**
   * Returns a new id for an event of this client, see {@link RequestOptions.id}. The event carries
   * it behind the {@link eventTag}.
   */
  eventId(): string {
    return this.#runtime.eventId()
  }

  /**
   * Whether an event was published by this client, or caused by a request of this client with an
   * `id`.
   */
  isOwn(event: EventFrame): boolean {
    return this.#runtime.isOwn(event)
  }

  /** Returns a snapshot of counters and timings. */
  stats(): ClientStats {
    const { connection, requests, serverClock, malformed, handlers, checks } = this.#runtime
    const state = this.state.get()
    const { opens } = connection
    const measured = connection.link?.heartbeat?.state
    return {
      opens,
      reconnects: Math.max(0, opens - 1),
      uptimeMs: state.name === 'open' ? this.#options.clock.now() - state.since : 0,
      lastRttMs: measured?.lastRttMs,
      smoothedRttMs: measured?.srttMs,
      clockOffsetMs: serverClock.offsetMs,
      eventLatencyMs: serverClock.eventLatencyMs,
      ...requests.pending.get(),
      dropped: requests.dropped,
      malformed,
      handlers,
      ...checks?.counts,
    }
  }

  #request(type: string, payload: unknown, options: RequestOptions = {}): Promise<ReplyFrame> {
    const { channel, id } = options
    return this.#send(
      {
        kind: 'request',
        requestId: this.#runtime.requestId(),
        timestamp: this.#options.clock.wall(),
        type,
        channel,
        id,
        payload,
      },
      options,
    )
  }

  // No spread adds to the intent: V8 would keep it as a slow object, which cost half of the request.
  #send(what: OutgoingRequest, options: RequestOptions): Promise<ReplyFrame> {
    const { requestTimeoutMs: timeoutMs, outbox } = this.#options
    const how = withDefaults('A request', options, {
      timeoutMs,
      ttlMs: outbox.ttlMs,
      volatile: false,
      idempotent: false,
      ordering: undefined,
      supersede: undefined,
      signal: undefined,
      mutation: undefined,
      channel: undefined,
      id: undefined,
    })
    return this.#runtime.send(what, how)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'RealtimeClient'
  }
}

/** Options of {@link RealtimeClient.publish}. */
export type PublishOptions = Omit<RequestOptions, 'channel' | 'id' | 'mutation'>
