import type { Emitter, Unsubscribe } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import { checkKinds, checkNames } from '../base/known-names.ts'
import { reportRejection } from '../base/report.ts'
import { userChannel } from './access/access.ts'
import type { HttpRefusal, UpgradeRequest } from './access/upgrade-request.ts'
import { ChannelEvent } from './broker/channel-event.ts'
import { check, toJson, unlistedChannel } from './channels/publisher.ts'
import { drain, drainNotice } from './drain.ts'
import type { ServerStats } from './metrics/server-stats.ts'
import { nativeMount } from './mounts/native/native-mount.ts'
import type { RealtimeServerOptions } from './options.ts'
import type { HandlerOptions, RequestHandler } from './requests/request-handlers.ts'
import type { ServerParts } from './server-parts.ts'
import { serverParts } from './server-parts.ts'
import { StaleSweep } from './session/liveness.ts'
import type { ConnectionInfo, Mount, MountSession } from './session/mount.ts'
import type { TrackedSessionDeps } from './session/tracked-session.ts'
import { TrackedSession } from './session/tracked-session.ts'
import type { DisconnectOptions, DrainOptions, ServerCloseOptions } from './shutdown-options.ts'
import { closeDefaults, closing, disconnectDefaults } from './shutdown-options.ts'
import { OutboundQueue } from './socket/outbound-queue.ts'
import type { PlainSocket, RawSocket, SocketHandlers } from './socket/socket.ts'

/** The request of a socket that was connected without one. */
const NO_REQUEST: UpgradeRequest = {
  headers: {},
  url: '/',
  query: new URLSearchParams(),
  params: new Map(),
}

/**
 * The connections of a server: their users and requests, and how to reach or end them.
 *
 * Part of every `RealtimeServer`. On its own it serves sockets of any kind, such as those of another
 * HTTP server: pass each socket to {@link connect}, and its messages to the returned handlers.
 *
 * @example
 * import { WebSocketManager } from 'wirefold/server'
 * import { WebSocketServer } from 'ws'
 *
 * const manager = new WebSocketManager({ authenticate: ({ token }) => verify(token) })
 * manager.registerHandler('echo', (payload) => payload)
 * new WebSocketServer({ port: 8080 }).on('connection', (socket) => {
 *   const handlers = manager.connect(socket)
 *   socket.on('message', (data) => handlers.text(String(data), Buffer.byteLength(String(data))))
 *   socket.on('close', () => handlers.closed())
 * })
 */
export class WebSocketManager {
  /** @internal Shared with `RealtimeServer`. */
  readonly parts: ServerParts
  readonly #startedAt: number
  readonly #native = nativeMount()
  readonly #events: Emitter<WebSocketManagerEvents>
  readonly #sweep: StaleSweep
  readonly #tracked: TrackedSessionDeps
  #closing: Promise<void> | undefined

  /** Creates a manager without connections; throws `bad-option` for options that cannot be used. */
  constructor(options: RealtimeServerOptions = {}) {
    this.parts = serverParts(options, (session) => this.#arrived(session))
    const { report, counters, options: own } = this.parts
    const { clock, heartbeatMs } = own
    this.#tracked = { report, counters, clock, closed: (gone) => this.#closed(gone) }
    this.#startedAt = clock.now()
    this.#events = createEmitter((error) => this.parts.report(error))
    this.#sweep = new StaleSweep(clock, heartbeatMs, () => this.parts.sessions.list())
  }

  /**
   * Adds a listener for connections; returns a function that removes it. `onError` receives what the
   * listener throws, or rejects with.
   */
  on<Name extends keyof WebSocketManagerEvents>(
    event: Name,
    listener: WebSocketManagerEvents[Name],
  ): Unsubscribe {
    checkNames('The server', { [event]: listener }, { connected: 0, disconnected: 0 })
    checkKinds('the listeners', { [event]: listener }, { [event]: 'function' })
    const { report } = this.parts
    return this.#events.on(event, (info) => reportRejection(listener(info), report))
  }

  /**
   * Serves a socket.
   *
   * @param request the upgrade request of the socket; default without headers and address
   * @param mount default the native protocol
   * @returns handlers that the caller runs for the messages and the end of the socket
   */
  connect(
    socket: PlainSocket,
    request: UpgradeRequest = NO_REQUEST,
    mount: Mount = this.#native,
  ): SocketHandlers {
    return this.#take(socket, request, mount) ?? { text() {}, binary() {}, closed() {} }
  }

  /**
   * Serves a WebSocket as {@link connect} does, with an outbound queue: frames of one tick are written
   * at once, and a peer that reads too slowly is disconnected.
   */
  accept(raw: RawSocket, request: UpgradeRequest, mount: Mount): SocketHandlers {
    const queue = new OutboundQueue(this.parts.outbound, raw, mount.join)
    const tracked = this.#take(queue, request, mount)
    queue.owner = tracked
    return tracked ?? { text() {}, binary() {}, closed: () => queue.end() }
  }

  #take(socket: PlainSocket, request: UpgradeRequest, mount: Mount): TrackedSession | undefined {
    const { report } = this.parts
    try {
      if (this.#closing) socket.close(1001, 'the server is closing')
      else if (this.refusal(request)) socket.close(4429, TOO_MANY.code)
      else return this.#open(socket, request, mount)
    } catch (error) {
      report(error)
    }
    return undefined
  }

  /** Returns a refusal if the address of a request has too many connections. */
  refusal({ address }: UpgradeRequest): HttpRefusal | undefined {
    const { connections } = this.parts.options.limits.perAddress
    if (address === undefined || this.parts.sessions.from(address) < connections) return undefined
    return TOO_MANY
  }

  /** Counts a connection for the address of a request until the returned function is called. */
  hold({ address }: UpgradeRequest): () => void {
    return this.parts.sessions.hold(address)
  }

  /**
   * Registers the handler for requests of one type; throws `bad-option` if there is one already.
   *
   * @returns a function that removes the handler; safe to call twice
   */
  registerHandler<Payload>(
    type: string,
    handler: RequestHandler<Payload>,
    options?: HandlerOptions,
  ): () => void {
    return this.parts.handlers.add(type, handler, options)
  }

  /**
   * Sends an event to the subscribers of a channel on this server only. The event has no position, is
   * not added to the history, and is not sent again to a client that misses it.
   *
   * @returns the number of connections
   */
  broadcast(channel: string, type: string, payload?: unknown): number {
    const sessions = this.parts.sessions.list().map(({ session }) => session)
    const members = sessions.filter((session) => session.info().channels.includes(channel))
    return this.#send(members, channel, type, payload)
  }

  /**
   * Sends an event to all connections of a user to this server, subscribed or not, on the channel
   * `user:<id>`; otherwise as {@link broadcast}.
   *
   * @returns the number of connections
   */
  sendToUser(userId: string, type: string, payload?: unknown): number {
    return this.#send(this.parts.sessions.byUser(userId), userChannel(userId), type, payload)
  }

  /**
   * Ends a connection; does nothing if there is none with this id.
   *
   * Throws `bad-option` for options that cannot be used, such as the code 1006 or a reason that is
   * not a string; the connection is closed before that, with the default in their place.
   */
  disconnect(connectionId: string, options: DisconnectOptions = {}): void {
    const { code, reason, mistake } = closing(options, disconnectDefaults)
    this.parts.sessions.byId(connectionId)?.disconnect(code, reason)
    if (mistake) throw mistake
  }

  /** Ends all connections of a user to all servers of the broker, as {@link disconnect} does. */
  disconnectUser(userId: string, options: DisconnectOptions = {}): void {
    const { code, reason, mistake } = closing(options, disconnectDefaults)
    this.parts.sessions.disconnectUser(userId, code, reason)
    this.parts.users.send({ kind: 'disconnect', userId, code, reason })
    if (mistake) throw mistake
  }

  /**
   * Unsubscribes a connection from a channel. The client receives `unsubscribed` and does not
   * subscribe again by itself; to forbid it, `authorize` has to deny the channel as well.
   */
  revoke(connectionId: string, channel: string): void {
    this.parts.sessions.byId(connectionId)?.session.revoke?.(channel)
  }

  /**
   * Unsubscribes all connections of a user to all servers of the broker from a channel, as
   * {@link revoke} does.
   */
  revokeUser(userId: string, channel: string): void {
    this.parts.channels.revoke({ id: userId }, channel)
    this.parts.users.send({ kind: 'revoke', userId, channel })
  }

  /** Returns the current connections. */
  connections(): readonly ConnectionInfo[] {
    return this.parts.sessions.list().map((tracked) => tracked.info())
  }

  /** Returns current numbers, and totals since the start. */
  stats(): ServerStats {
    const { channels, sessions, counters, outbound, options } = this.parts
    const { opens, closes, lastedMs, received, sent, refusals } = counters
    return {
      uptimeMs: options.clock.now() - this.#startedAt,
      connections: sessions.size,
      users: sessions.users,
      channels: channels.size,
      subscriptions: channels.subscriptions,
      opens,
      closes,
      lifetimeMs: closes ? lastedMs / closes : 0,
      received,
      sent,
      refusals,
      slowConsumers: outbound.counts.slow,
      withheldEvents: outbound.counts.withheld,
      closedSlowConsumers: counters.slowCloses,
      droppedBroadcasts: channels.dropped,
      unlistedTypes: counters.unlistedTypes,
      contractDifferences: counters.contractDifferences,
    }
  }

  /** Asks all clients to reconnect elsewhere; closes each that has, the others at the deadline. */
  async drain(options: DrainOptions = {}): Promise<void> {
    await this.close(await this.moveClients(options))
  }

  /** @internal Drains without the close at the end; returns the options of that close. */
  async moveClients(options: DrainOptions): Promise<ServerCloseOptions> {
    const { notice, mistake } = drainNotice(options)
    if (mistake) this.parts.report(mistake)
    const code = 1012
    const reason = JSON.stringify({ windowMs: notice.windowMs })
    const parts = {
      sessions: this.parts.sessions.list().map(({ session }) => session),
      clock: this.parts.options.clock,
      end: (session: MountSession) => this.parts.sessions.of(session)?.disconnect(code, reason),
      emptied: this.parts.sessions.emptied(),
    }
    await drain(parts, notice)
    return { code, reason }
  }

  /**
   * Closes all sockets; further calls return the same promise. Options that cannot be used are
   * replaced by their defaults and reported.
   *
   * Resolves once all sockets are closed; never rejects.
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close(options: ServerCloseOptions): Promise<void> {
    const { code, reason, mistake } = closing(options, closeDefaults)
    if (mistake) this.parts.report(mistake)
    for (const tracked of this.parts.sessions.list()) tracked.disconnect(code, reason)
    await this.parts.sessions.emptied()
    await this.parts.finished()
    this.parts.attempts.close()
    this.parts.users.close()
    await this.parts.channels.close()
  }

  #open(socket: PlainSocket, request: UpgradeRequest, mount: Mount): TrackedSession {
    const { counters, logger, host, sessions } = this.parts
    const tracked = new TrackedSession(this.#tracked, socket, request.address, (guarded) =>
      mount.open(guarded, request, host),
    )
    sessions.add(tracked)
    this.parts.users.follow()
    counters.opens++
    logger?.('connection', `${tracked.id} opened, ${tracked.session.info().dialect}`)
    this.#sweep.start()
    return tracked
  }

  #arrived(session: MountSession): void {
    const tracked = this.parts.sessions.of(session)
    if (!tracked) return
    tracked.arrive()
    if (this.#events.listens('connected')) this.#events.emit('connected', tracked.info())
  }

  #closed(tracked: TrackedSession): void {
    const { options, counters, logger } = this.parts
    const lastedMs = options.clock.now() - tracked.openedAt
    this.parts.sessions.remove(tracked)
    if (!this.parts.sessions.size) this.#sweep.stop()
    counters.closes++
    counters.lastedMs += lastedMs
    logger?.('connection', `${tracked.id} closed after ${Math.round(lastedMs)} ms`)
    if (!tracked.arrived || !this.#events.listens('disconnected')) return
    this.#events.emit('disconnected', tracked.info())
  }

  #send(
    sessions: readonly MountSession[],
    channel: string,
    type: string,
    payload: unknown,
  ): number {
    const timestamp = this.parts.options.clock.wall()
    const json = toJson(type, payload)
    check(channel, type, json)
    this.#checkContract(channel, type, payload, json)
    const fields = { source: channel, type, json, id: undefined, timestamp }
    const event = new ChannelEvent(channel, undefined, fields)
    for (const session of sessions) session.sendEvent?.(event)
    return sessions.length
  }

  #checkContract(channel: string, type: string, payload: unknown, json: string | undefined): void {
    const { access, checks, report } = this.parts
    if (!access.lists(channel)) throw unlistedChannel(channel)
    const checked = checks?.published(channel, type, payload, json)
    if (!checked) return
    // The event is sent at once, so a result that comes later can only be reported.
    checked.catch(report)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'WebSocketManager'
  }
}

/** Events of a {@link WebSocketManager}. */
export interface WebSocketManagerEvents {
  /** A connection was authenticated. */
  connected(info: ConnectionInfo): void
  /** An authenticated connection was closed; `info` is its last state. */
  disconnected(info: ConnectionInfo): void
}

const TOO_MANY: HttpRefusal = {
  status: 429,
  code: 'rate-limited',
  reason: 'Too many connections come from this address.',
  retryAfterMs: 10_000,
}
