import type { RequestListener, Server } from 'node:http'
import type { Unsubscribe } from '../base/emitter.ts'
import { WirefoldError } from '../base/errors.ts'
import { checkKinds } from '../base/known-names.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EventsOf, SendArgs, Sends, TypesIn } from '../contract/event-types.ts'
import type { NameBound, PublishArg, RequestBound } from '../contract/name-types.ts'
import type { RequestArg } from '../contract/request-types.ts'
import type { Position } from '../protocol/frame.ts'
import { userChannel } from './access/access.ts'
import type { User } from './access/hooks.ts'
import type { HttpRefusal } from './access/upgrade-request.ts'
import type { ChannelManager, PublishOptions } from './channels/channel-manager.ts'
import type { UserPayload, UserType } from './contract/publish-types.ts'
import { drainNotice } from './drain.ts'
import type { HttpServer } from './http/claim-upgrades.ts'
import type { ListeningServer } from './http/listening-server.ts'
import { listenAt, stop, upgradeServer } from './http/listening-server.ts'
import { assertOrigins } from './http/origins.ts'
import type { ConnectRequest } from './http/upgrade-router.ts'
import { UpgradeRouter } from './http/upgrade-router.ts'
import type { ServerStats } from './metrics/server-stats.ts'
import type { AllowStats } from './metrics/stats-handler.ts'
import { statsHandler } from './metrics/stats-handler.ts'
import { nativeMount } from './mounts/native/native-mount.ts'
import type { RealtimeServerOptions } from './options.ts'
import { PresenceTracker } from './presence/presence-tracker.ts'
import { Registrations } from './registrations.ts'
import type { HandlerOf, HandlerOptions, RequestHandler } from './requests/request-handlers.ts'
import type { ServerParts } from './server-parts.ts'
import { isProduction } from './server-parts.ts'
import type { ConnectionInfo, Mount } from './session/mount.ts'
import type { DisconnectOptions, DrainOptions, ServerCloseOptions } from './shutdown-options.ts'
import type { PlainSocket, SocketHandlers } from './socket/socket.ts'
import type { WebSocketManagerEvents } from './websocket-manager.ts'
import { WebSocketManager } from './websocket-manager.ts'

/** Default path of the native protocol. */
const NATIVE_PATH = '/ws'

/**
 * A realtime server: channels with history, requests and presence, at any number of paths.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { createRealtimeServer } from 'wirefold/server'
 * const server = createRealtimeServer({ authorize: (user) => user !== null })
 * server.handle('task:create', async (task: { title: string }, { publish }) => {
 *   const saved = await sqlTasks.create(task)
 *   await publish('entity:Task', 'entity:created', saved)
 *   return saved
 * })
 * server.attach(createServer().listen(8080))
 */
export class RealtimeServer<C extends Untyped = Untyped> {
  /** The contract that it was given; it types the methods. */
  readonly contract: C | undefined
  /** Presence on all servers that share the broker. */
  readonly presence: PresenceTracker
  /** @internal The handlers of `attach`, by name. */
  readonly attached = new Map<unknown, () => void>()
  readonly #manager: WebSocketManager
  readonly #parts: ServerParts
  readonly #router: UpgradeRouter
  readonly #registrations: Registrations
  readonly #listening = new Set<Server>()
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** Creates a server that serves nothing yet, as {@link createRealtimeServer} does. */
  constructor(options: RealtimeServerOptions<C> = {}) {
    this.contract = options.contract
    this.#manager = new WebSocketManager(options)
    this.#parts = this.#manager.parts
    this.#registrations = new Registrations(this.#parts.report)
    const { broker, options: resolved, host, access, counters, logger, report } = this.#parts
    const { clock, limits, helloTimeoutMs } = resolved
    this.presence = new PresenceTracker({
      store: broker.presence,
      clock,
      timeoutMs: resolved.presence.timeoutMs,
    })
    this.#router = new UpgradeRouter({
      ...{ host, access, counters, logger, report, clock, helloTimeoutMs },
      taker: this.#manager,
      checksConnect: resolved.canConnect !== undefined,
      origins: resolved,
      warn: host.warn,
      frameBytes: limits.frameBytes,
    })
    assertOrigins(resolved, false)
  }

  /** The channels and their subscriptions. */
  get channels(): ChannelManager {
    return this.#parts.channels
  }

  /**
   * Serves the native protocol at a path of an HTTP server, and every mount at its own path. Plain
   * HTTP requests of that server, and upgrades for other paths, are not touched; other `upgrade`
   * listeners do not receive those for the paths of mounts.
   *
   * Throws `bad-option` if `origins` is missing in production (`NODE_ENV`), and `bad-dependency` if
   * the installed `ws` has known vulnerabilities.
   *
   * @param path default `/ws`
   */
  attach(httpServer: HttpServer, path: string = NATIVE_PATH): void {
    this.#refuseClosed()
    this.assertOrigins()
    if (!this.#router.has(path)) this.#router.mount(path, nativeMount())
    this.#router.attach(httpServer)
    this.#parts.users.follow()
  }

  /** Throws `bad-option` if `origins` is missing in production (`NODE_ENV`). */
  assertOrigins(): void {
    assertOrigins(this.#parts.options, isProduction())
  }

  /** Serves a mount at a path; `:name` in the path matches one segment. */
  mount(path: string, mount: Mount): void {
    this.#refuseClosed()
    this.#router.mount(path, mount)
    this.#registrations.note(() => this.#router.unmount(path))
  }

  /**
   * Serves a socket that another library has accepted, with the checks of an upgrade request: origins,
   * `canConnect`, the limits of the address. Never rejects.
   *
   * @param mount its `mounted` is not called: the socket has no path
   * @returns handlers that the caller runs for the messages and the end of the socket, or the refusal,
   * after which the caller closes the socket
   */
  connect(
    socket: PlainSocket,
    request: ConnectRequest,
    mount: Mount,
  ): Promise<SocketHandlers | HttpRefusal> {
    return this.#router.connect(socket, request, mount)
  }

  /**
   * Runs a function that registers handlers, listeners and mounts. The next call removes them
   * first, so that a module which is evaluated again replaces its former version; clients stay
   * connected, and subscriptions stay.
   *
   * Throws the error of `setup`, and `bad-option` if it is async; its registrations are then removed.
   *
   * @param setup may return a function that ends what else it has started; the next call runs that
   * function, as does `close()` before it ends the connections
   * @example
   * server.setUp(() => {
   *   server.handle('time', () => Date.now())
   *   const timer = setInterval(() => void server.publish('clock', 'tick'), 1_000)
   *   return () => clearInterval(timer)
   * })
   */
  setUp(setup: ServerSetup<C>): void {
    this.#refuseClosed()
    checkKinds('setUp()', { setup: setup ?? null }, { setup: 'function' })
    this.#registrations.replace(() => setup(this))
  }

  /**
   * Creates an HTTP server and attaches to it; rejects if the port is taken.
   *
   * @param port 0 for any free port
   * @param host default `127.0.0.1`, which other machines cannot reach
   */
  async listen(port = 0, host = '127.0.0.1'): Promise<ListeningServer> {
    const httpServer = upgradeServer(this.#parts.options.helloTimeoutMs)
    this.attach(httpServer)
    this.#listening.add(httpServer)
    return listenAt(httpServer, { port, host, path: NATIVE_PATH })
  }

  /**
   * Registers the handler for requests of one type; throws `bad-option` if there is one already.
   *
   * With a contract, the payload is the output of its schema, and the reply its input. Without one the
   * payload has the type that the handler declares, and is not checked at run time.
   *
   * @returns a function that removes the handler; safe to call twice
   */
  handle<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
    handler: HandlerOf<C, X>,
    options?: HandlerOptions,
  ): () => void {
    // The types of the arguments are known where the server is used, not here.
    const [name, untyped] = [type as string, handler as RequestHandler<never>]
    return this.#registrations.note(this.#manager.registerHandler(name, untyped, options))
  }

  /**
   * The user whose request is being handled; available in the handler and in all code it calls, also
   * asynchronously. `null` for an anonymous user, `undefined` outside of handlers.
   *
   * @example
   * import { type EntityEvents, EventBus, realtimeRepository } from 'wirefold/server'
   * const userId = () => server.currentUser?.id
   * realtimeRepository(sqlTasks, new EventBus<EntityEvents>(), { entityName: 'Task', userId })
   */
  get currentUser(): User | null | undefined {
    return this.#parts.ongoing.current?.user
  }

  /**
   * Adds an event to the history of a channel and sends it to the subscribers.
   *
   * Within a request handler, and all code it calls, this is the `publish` of its context: the reply
   * contains the channel and the position of the event, and an event without an id gets the id of the
   * request.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited` or `closed`, with `bad-payload` where the
   * payload is not JSON or does not fit the contract, or with `bad-option` for an invalid event type or id.
   */
  async publish<
    const X extends NameBound<C>,
    const Type extends TypesIn<C, Map>,
    Map = EventsOf<C, X & string>,
  >(
    channel: PublishArg<C, X>,
    type: Type,
    ...args: SendArgs<Sends<C, Map, Type>, PublishOptions>
  ): Promise<Position> {
    const [payload, options] = args as [unknown?, PublishOptions?]
    return this.#publish(channel as string, type, payload, options)
  }

  /**
   * Publishes an event on the channel `user:<id>`, which only that user may subscribe to. Their
   * subscribed connections receive it, on every server that shares the broker.
   *
   * Rejects as {@link publish} does.
   */
  sendToUser<const Type extends UserType<C>>(
    userId: string,
    type: Type,
    ...args: SendArgs<UserPayload<C, Type>, PublishOptions>
  ): Promise<Position> {
    const [payload, options] = args as [unknown?, PublishOptions?]
    return this.#publish(userChannel(userId), type, payload, options)
  }

  /** Whether the contract has a channel; always without a contract, or with `unlisted: 'allow'`. */
  lists(channel: string): boolean {
    return this.#parts.access.lists(channel)
  }

  /**
   * Adds a listener for connections; returns a function that removes it. `onError` receives what the
   * listener throws, or rejects with.
   */
  on<Name extends keyof WebSocketManagerEvents>(
    event: Name,
    listener: WebSocketManagerEvents[Name],
  ): Unsubscribe {
    return this.#registrations.note(this.#manager.on(event, listener))
  }

  /** Returns the current connections to this server. */
  connections(): readonly ConnectionInfo[] {
    return this.#manager.connections()
  }

  /**
   * Ends a connection to this server; does nothing if there is none with this id.
   *
   * Throws `bad-option` for options that cannot be used, such as the code 1006 or a reason that is
   * not a string; the connection is closed before that, with the default in their place.
   */
  disconnect(connectionId: string, options?: DisconnectOptions): void {
    this.#manager.disconnect(connectionId, options)
  }

  /**
   * Ends all connections of a user to all servers that share the broker, as {@link disconnect} does.
   * If the broker cannot be reached, the error is reported, and other servers keep the connections.
   */
  disconnectUser(userId: string, options?: DisconnectOptions): void {
    this.#manager.disconnectUser(userId, options)
  }

  /**
   * Unsubscribes a connection from a channel. The client receives `unsubscribed` and does not
   * subscribe again by itself; to forbid it, `authorize` has to deny the channel as well.
   */
  revoke(connectionId: string, channel: string): void {
    this.#manager.revoke(connectionId, channel)
  }

  /** Unsubscribes all connections of a user to all servers of the broker, as {@link revoke} does. */
  revokeUser(userId: string, channel: string): void {
    this.#manager.revokeUser(userId, channel)
  }

  /** Returns current numbers, and totals since the start. */
  stats(): ServerStats {
    return this.#manager.stats()
  }

  /**
   * Returns an HTTP request listener that responds with {@link stats} as JSON.
   *
   * @param allow decides whether a request may read them; only `true` allows it
   * @example
   * import { createServer } from 'node:http'
   * createServer(server.statsHandler(({ headers }) => headers.host === 'localhost:9090')).listen(9090)
   */
  statsHandler(allow: AllowStats): RequestListener {
    return statsHandler({ stats: () => this.stats(), allow, report: this.#parts.report })
  }

  /**
   * Closes the server gracefully: refuses new connections, asks all clients to reconnect to another
   * server, lets running requests finish, and closes each connection once its client has moved, the
   * others at the deadline, with 1012. Further calls return the same promise. Options that cannot be
   * used are replaced by their defaults and reported.
   *
   * Resolves once the server is closed.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    this.#draining ??= this.#closing ?? this.#drain(options)
    return this.#draining
  }

  /**
   * Closes all sockets and then the server; sockets that do not answer the close within a second are
   * terminated. Further calls return the same promise. Options that cannot be used are replaced
   * by their defaults and reported.
   *
   * Resolves once all sockets are closed; never rejects.
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  /** Whether `drain` or `close` was called: the server takes no more connections. */
  get closing(): boolean {
    return this.#draining !== undefined || this.#closing !== undefined
  }

  async #publish(
    channel: string,
    type: string,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<Position> {
    this.#refuseClosed()
    return this.#parts.channels.publish(channel, type, payload, options)
  }

  async #drain(options: DrainOptions): Promise<void> {
    const { notice, mistake } = drainNotice(options)
    const { deadlineMs, windowMs, reason } = notice
    if (mistake) this.#parts.report(mistake)
    this.#router.refuse(deadlineMs)
    await this.close(await this.#manager.moveClients({ deadlineMs, windowMs, reason }))
  }

  async #close(options: ServerCloseOptions): Promise<void> {
    // First: what the set-up has started, such as a timer, publishes until then.
    this.#registrations.end()
    this.#router.refuse()
    const stopped = Array.from(this.#listening, stop)
    await this.#manager.close(options)
    await Promise.all(stopped)
    this.#registrations.clear()
    this.#router.detach()
  }

  #refuseClosed(): void {
    if (!this.#closing) return
    throw new WirefoldError('closed', 'The server is closed. Create another one.', {})
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'RealtimeServer'
  }
}

/** Creates a server; it serves nothing until `attach` or `listen` is called. */
export function createRealtimeServer<C extends Untyped = Untyped>(
  options: RealtimeServerOptions<C> = {},
): RealtimeServer<C> {
  return new RealtimeServer(options)
}

/**
 * Sets up a server; may return a function that ends what it has started beside its registrations.
 */
export type ServerSetup<C extends Untyped = Untyped> = (
  server: RealtimeServer<C>,
) => (() => void) | undefined
