import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { Unsubscribe } from '../base/emitter.ts'
import { WirefoldError } from '../base/errors.ts'
import type { Position } from '../protocol/frame.ts'
import { userChannel } from './access/access.ts'
import type { User } from './access/hooks.ts'
import type { ChannelManager, PublishOptions } from './channels/channel-manager.ts'
import { drainNotice } from './drain.ts'
import { assertOrigins } from './http/origins.ts'
import { UpgradeRouter } from './http/upgrade-router.ts'
import type { ServerStats } from './metrics/server-stats.ts'
import type { AllowStats } from './metrics/stats-handler.ts'
import { statsHandler } from './metrics/stats-handler.ts'
import { nativeMount } from './mounts/native/native-mount.ts'
import type { RealtimeServerOptions } from './options.ts'
import { PresenceTracker } from './presence/presence-tracker.ts'
import type { RequestHandler } from './requests/request-handlers.ts'
import type { ServerParts } from './server-parts.ts'
import type { ConnectionInfo, Mount } from './session/mount.ts'
import type { DisconnectOptions, DrainOptions, ServerCloseOptions } from './shutdown-options.ts'
import type { WebSocketManagerEvents } from './websocket-manager.ts'
import { WebSocketManager } from './websocket-manager.ts'

/** Where the native protocol is served unless another path is named. */
const NATIVE_PATH = '/ws'

/** A server that listens by itself. */
export interface ListeningServer {
  readonly port: number
  /** Where clients connect to. */
  readonly url: string
}

/**
 * The reference server: channels with histories, requests, and any number of paths on one broker.
 *
 * @example
 * const server = createRealtimeServer({ authorize: (user) => user !== null })
 * server.handle('task:create', async (task: Task, { publish }) => {
 *   const saved = await tasks.insert(task)
 *   await publish('entity:Task', 'entity:created', saved)
 *   return saved
 * })
 * server.attach(httpServer)
 */
export class RealtimeServer {
  /** Who is where, on all servers that share the broker. */
  readonly presence: PresenceTracker
  readonly #manager: WebSocketManager
  readonly #parts: ServerParts
  readonly #router: UpgradeRouter
  readonly #listening = new Set<Server>()
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: RealtimeServerOptions = {}) {
    this.#manager = new WebSocketManager(options)
    this.#parts = this.#manager.parts
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
      asksBefore: resolved.canConnect !== undefined,
      origins: resolved,
      frameBytes: limits.frameBytes,
    })
    assertOrigins(resolved, false)
  }

  /** The channels: who is subscribed, and who shall be no longer. */
  get channels(): ChannelManager {
    return this.#parts.channels
  }

  /**
   * Serves the native protocol at a path of an http server, and every mount at its own. Other
   * requests of that server are left alone.
   *
   * Throws `bad-option` in production (`NODE_ENV`) where no `origins` were given, and
   * `bad-dependency` where the installed `ws` has known holes.
   *
   * @param path `/ws` unless named
   */
  attach(httpServer: Server, path: string = NATIVE_PATH): void {
    this.#refuseClosed()
    assertOrigins(this.#parts.options, process.env.NODE_ENV === 'production')
    if (!this.#router.has(path)) this.mount(path, nativeMount())
    this.#router.attach(httpServer)
  }

  /** Serves something else at a path; `:name` in it stands for one segment. */
  mount(path: string, mount: Mount): void {
    this.#refuseClosed()
    this.#router.mount(path, mount)
  }

  /**
   * Makes an http server of its own and serves from it; rejects where the port is taken.
   *
   * @param port 0 takes any free one
   * @param host `127.0.0.1` unless named: other machines only reach what is bound to their network
   */
  async listen(port = 0, host = '127.0.0.1'): Promise<ListeningServer> {
    const { helloTimeoutMs } = this.#parts.options
    // Who is slow to ask is as unwelcome as who is slow to greet.
    const times = {
      headersTimeout: helloTimeoutMs,
      requestTimeout: helloTimeoutMs,
      connectionsCheckingInterval: Math.ceil(helloTimeoutMs / 4),
    }
    const httpServer = createServer(times, (_request, response) => {
      response.writeHead(426, { 'Content-Type': 'text/plain' }).end('Only WebSockets are served.')
    })
    this.attach(httpServer)
    this.#listening.add(httpServer)
    await new Promise<void>((resolve, reject) => {
      httpServer.once('error', reject).listen(port, host, () => {
        httpServer.off('error', reject)
        resolve()
      })
    })
    const address = httpServer.address()
    const bound = typeof address === 'object' && address ? address.port : port
    const name = host.includes(':') ? `[${host}]` : host
    return { port: bound, url: `ws://${name}:${bound}${NATIVE_PATH}` }
  }

  /**
   * Answers the requests of one type; throws a `TypeError` where it has a handler already.
   *
   * The type of the payload is what the handler annotates, and is not checked at run time.
   *
   * @returns removes the handler; safe to call twice
   */
  handle<Payload>(type: string, handler: RequestHandler<Payload>): () => void {
    return this.#manager.registerHandler(type, handler)
  }

  /**
   * Who asks for what is being done: within a request handler, and all that it calls, however deep down
   * that is. `null` for nobody in particular, `undefined` where no handler runs.
   *
   * @example
   * const tasks = realtimeRepository(sqlTasks, bus, { entityName: 'Task', userId: () => server.currentUser?.id })
   */
  get currentUser(): User | null | undefined {
    return this.#parts.ongoing.current?.user
  }

  /**
   * Adds an event to a channel and tells its members.
   *
   * Within a request handler, and all that it calls, this is what `publish` of its context does: the
   * event's place is told to the asker with the answer, and so is the channel's name; an event without
   * an id gets that of the request.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited` or `closed`, or a `TypeError` for a type or
   * payload that cannot be an event's.
   */
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<Position> {
    this.#refuseClosed()
    return this.#parts.channels.publish(channel, type, payload, options)
  }

  /**
   * Adds an event to the channel `user:<id>`, which only that user may subscribe to: all their
   * connections that do are told, on every server of the broker.
   *
   * Rejects as {@link publish} does.
   */
  sendToUser(
    userId: string,
    type: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<Position> {
    return this.publish(userChannel(userId), type, payload, options)
  }

  /** Follows the connections; the returned function stops it. */
  on<Name extends keyof WebSocketManagerEvents>(
    event: Name,
    listener: WebSocketManagerEvents[Name],
  ): Unsubscribe {
    return this.#manager.on(event, listener)
  }

  /** The connections of this moment, to this server. */
  connections(): readonly ConnectionInfo[] {
    return this.#manager.connections()
  }

  /** Ends a connection; one that is gone, or another server's, does not matter. */
  disconnect(connectionId: string, options?: DisconnectOptions): void {
    this.#manager.disconnect(connectionId, options)
  }

  /** Ends all connections of a user to this server. */
  disconnectUser(userId: string, options?: DisconnectOptions): void {
    this.#manager.disconnectUser(userId, options)
  }

  /**
   * Takes a channel away from a connection, which hears `unsubscribed` and does not come back to it by
   * itself. Rights are the application's: `authorize` has to say no as well.
   */
  revoke(connectionId: string, channel: string): void {
    this.#manager.revoke(connectionId, channel)
  }

  /** Takes a channel away from all connections of a user to this server, as {@link revoke} does. */
  revokeUser(userId: string, channel: string): void {
    this.#manager.revokeUser(userId, channel)
  }

  /** Counts of this moment, and from the start. */
  stats(): ServerStats {
    return this.#manager.stats()
  }

  /**
   * Makes a handler of http requests that answers with {@link stats}, as JSON.
   *
   * @param allow whether a request may see them; only `true` is a yes
   * @example
   * const stats = server.statsHandler(({ headers }) => headers.authorization === `Bearer ${SECRET}`)
   * createServer((request, response) => {
   *   if (request.url === '/stats') stats(request, response)
   * })
   */
  statsHandler(allow: AllowStats): RequestListener {
    return statsHandler({ stats: () => this.stats(), allow, report: this.#parts.report })
  }

  /**
   * Closes the server without hurting anybody: asks all clients to move to another server, refuses
   * new ones, lets what is under way finish, and closes each connection that has moved, the others at
   * the deadline, with 1012. Calling it again changes nothing.
   *
   * @returns settles once the server is closed
   */
  drain(options: DrainOptions = {}): Promise<void> {
    this.#draining ??= this.#closing ?? this.#drain(options)
    return this.#draining
  }

  /**
   * Closes every socket, cutting those that do not answer within a second, and ends the server.
   * Calling it again changes nothing.
   *
   * @returns settles once all sockets are gone
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #drain(options: DrainOptions): Promise<void> {
    const { deadlineMs, windowMs } = drainNotice(options)
    this.#router.refuse(deadlineMs)
    await this.#manager.drain(options)
    await this.close({ code: 1012, reason: JSON.stringify({ windowMs }) })
  }

  async #close(options: ServerCloseOptions): Promise<void> {
    this.#router.refuse()
    const stopped = Array.from(this.#listening, stop)
    await this.#manager.close(options)
    await Promise.all(stopped)
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

/** Makes the reference server; it listens to nothing until `attach` or `listen`. */
export function createRealtimeServer(options: RealtimeServerOptions = {}): RealtimeServer {
  return new RealtimeServer(options)
}

/** Stops an http server; plain connections, which nobody waits for, would keep it open. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
