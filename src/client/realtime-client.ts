import type { Unsubscribe } from '../base/emitter.ts'
import { randomId } from '../base/ids.ts'
import type { Readable } from '../base/store.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { RequestOptions, SendOptions } from '../ports/outgoing-request.ts'
import type { EventFrame, Reply } from '../protocol/frame.ts'
import type { RequestCounts } from '../requests/pending-request.ts'
import type { ClientEvents } from './client-events.ts'
import { ClientRuntime } from './client-runtime.ts'
import type { ClientStats } from './client-stats.ts'
import type { ClientOptions, ResolvedClientOptions } from './options.ts'
import { resolveClientOptions } from './options.ts'

/**
 * One connection to one backend.
 *
 * It connects when it is first needed, comes back by itself until `close()`, and makes every request
 * settle exactly once. What travels on it is the business of its wings: `ChannelSubscriber` and others.
 *
 * @example
 * const client = new RealtimeClient('wss://api.example.com/ws', { auth: () => session.token() })
 * const task = await client.request('task:create', { title: 'Write' })
 */
export class RealtimeClient {
  readonly #options: ResolvedClientOptions
  readonly #runtime: ClientRuntime
  #opening: Promise<void> | undefined

  /**
   * @param url a `wss:` address, or one relative to the page; `ws:` on this machine, or where
   * `allowInsecure` is set
   */
  constructor(url: string, options: ClientOptions = {}) {
    this.#options = resolveClientOptions(options)
    this.#runtime = new ClientRuntime(url, this.#options)
  }

  /** The port for wings such as `ChannelSubscriber`. */
  get port(): ClientPort {
    return this.#runtime.port
  }

  /** Whether there is a connection: `idle`, `connecting`, `open`, `waiting`, `offline`, `closed`, `failed`. */
  get state(): Readable<ConnectionState> {
    return this.#runtime.connection.state
  }

  /** Who we are to the server, by its last welcome; kept while the connection is away. */
  get userId(): string | undefined {
    return this.#runtime.userId
  }

  /** How many requests are on their way. */
  get pending(): Readable<RequestCounts> {
    return this.#runtime.requests.pending
  }

  /** Follows the client's life; the returned function stops it. */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): Unsubscribe {
    return this.#runtime.events.on(event, listener)
  }

  /**
   * Connects now, cutting a wait short; calling it again changes nothing.
   *
   * @returns settles with the first `open`, or rejects once the client is `closed` or `failed`; the
   * same promise until then
   */
  connect(): Promise<void> {
    this.#runtime.connection.input({ name: 'connect' })
    if (this.state.get().name === 'open') return Promise.resolve()
    this.#opening ??= this.#outcome()
    return this.#opening
  }

  /**
   * Closes the connection; every pending request is rejected with `closed`, though one that is stored
   * stays so. `connect()` opens it again.
   */
  close(): void {
    this.#runtime.connection.input({ name: 'close' })
  }

  /**
   * Asks the server for something.
   *
   * Where the connection is lost before the answer, it is sent again and carried out only once, until
   * its deadline; where the backend cannot do that, it rejects with `disconnected` unless it is
   * `idempotent`.
   *
   * Rejects with `request-timeout`, `aborted`, `disconnected`, `outbox-full`, `outcome-unknown`, `superseded`,
   * `bad-payload`, `too-large`, `unsupported`, `not-stored`, `identity-changed`, `closed`, `failed`, or the
   * code the server refused with.
   */
  async request<Payload = unknown>(
    type: string,
    payload?: unknown,
    options: RequestOptions = {},
  ): Promise<Payload> {
    return (await this.requestWithPosition<Payload>(type, payload, options)).payload
  }

  /** As {@link request}, and tells besides where the events stand that the request brought about. */
  async requestWithPosition<Payload = unknown>(
    type: string,
    payload?: unknown,
    options: RequestOptions = {},
  ): Promise<Reply<Payload>> {
    const requestId = randomId()
    const timestamp = this.#options.clock.wall()
    const { channel, id } = options
    const reply = await this.#runtime.ask(
      { kind: 'request', timestamp, requestId, type, channel, id, payload },
      this.#asking(options),
    )
    return { payload: reply.payload as Payload, at: reply.at }
  }

  /**
   * Adds an event to a channel and waits until the server has it.
   *
   * Rejects as {@link request} does.
   *
   * @returns the event's id, which its broadcast carries too: see {@link isOwn}
   */
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: Omit<RequestOptions, 'channel' | 'id'> = {},
  ): Promise<string> {
    const id = this.eventId()
    const requestId = randomId()
    const timestamp = this.#options.clock.wall()
    await this.#runtime.ask(
      { kind: 'publish', timestamp, requestId, channel, id, type, payload },
      this.#asking(options),
    )
    return id
  }

  /** A new id for an event of this client, see {@link RequestOptions.id}. */
  eventId(): string {
    return this.#runtime.eventId()
  }

  /** Whether an event was published by this client, or for a request of its own that gave an id. */
  isOwn(event: EventFrame): boolean {
    return this.#runtime.isOwn(event)
  }

  /** What the client has lived through. */
  stats(): ClientStats {
    const { connection, requests, latency, extensions } = this.#runtime
    const state = this.state.get()
    const { opens } = connection
    const roundTrip = connection.link?.heartbeat?.roundTrip
    return {
      opens,
      reconnects: Math.max(0, opens - 1),
      uptimeMs: state.name === 'open' ? this.#options.clock.now() - state.since : 0,
      lastRttMs: roundTrip?.lastMs,
      smoothedRttMs: roundTrip?.smoothedMs,
      clockOffsetMs: latency.offsetMs,
      eventLatencyMs: latency.eventMs,
      ...requests.pending.get(),
      dropped: requests.dropped,
      handlers: extensions.handlers,
    }
  }

  #asking(options: RequestOptions): SendOptions {
    return {
      timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs,
      ttlMs: options.ttlMs ?? this.#options.outbox.ttlMs,
      volatile: options.volatile ?? false,
      idempotent: options.idempotent ?? false,
      ordering: options.ordering,
      supersede: options.supersede,
      signal: options.signal,
    }
  }

  /** Settles with the first state that answers whether we are connected. */
  #outcome(): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      const look = (state: ConnectionState): void => {
        const error = this.#runtime.finalError()
        if (state.name === 'open') resolve()
        else if (error) reject(error)
        else return
        stop()
        this.#opening = undefined
      }
      const stop = this.state.listen(look)
      // A dial that fails at once has done so by now.
      queueMicrotask(() => look(this.state.get()))
    })
    // Whoever only calls connect() and follows the state has its failure there.
    outcome.catch(() => {})
    return outcome
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'RealtimeClient'
  }
}
