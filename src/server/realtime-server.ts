import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { WirefoldError } from '../base/errors.ts'
import type { GoawayFrame, Position } from '../wire/frame.ts'
import type { PublishOptions } from './channel-manager.ts'
import { ChannelManager } from './channel-manager.ts'
import { channelParts } from './channel-parts.ts'
import type { ServerCore } from './core.ts'
import type { DrainOptions } from './drain.ts'
import { drain, drainNotice } from './drain.ts'
import type { RequestHandler } from './handlers.ts'
import { Handlers } from './handlers.ts'
import type { ConnectionInfo, Mount, MountRequest, Session } from './mount.ts'
import { nativeMount } from './native-mount.ts'
import type { RealtimeServerOptions } from './options.ts'
import type { OutletParts } from './outlet.ts'
import { Outlet } from './outlet.ts'
import { SessionTable } from './session-table.ts'
import type { RawSocket, SocketHandlers } from './socket.ts'
import { Turn } from './turn.ts'
import { UpgradeRouter } from './upgrade-router.ts'

/** Where the native protocol is served unless another path is named. */
const NATIVE_PATH = '/ws'
/** How long a client may take over the headers of its request, in milliseconds. */
const HEADERS_MS = 10_000

/** How a server closes its sockets. */
export interface ServerCloseOptions {
  /**
   * The close code.
   * @default 1001
   */
  readonly code?: number | undefined
  /**
   * The close reason, at most 123 bytes. Clients read JSON in it: `retryAfterMs` keeps them away for
   * so long, `windowMs` spreads their return.
   * @default 'the server is closing'
   */
  readonly reason?: string | undefined
}

/** A server that listens by itself. */
export interface ListeningServer {
  readonly port: number
  /** Where clients connect to. */
  readonly url: string
}

/** Counts of this moment. */
export interface ServerStats {
  readonly connections: number
  /** Channels with at least one member on this server. */
  readonly channels: number
  readonly subscriptions: number
  /** Connections that do not keep up: live events are withheld from them. */
  readonly slowConsumers: number
  /** Events withheld from slow consumers so far. */
  readonly withheldEvents: number
  /** Slow consumers closed so far. */
  readonly closedSlowConsumers: number
  /** Events not published so far, because their channel had too many. */
  readonly droppedBroadcasts: number
}

/**
 * The reference server: channels with histories, requests, and any number of paths on one broker.
 *
 * @example
 * const server = createRealtimeServer({ authorize: (user) => user !== null })
 * server.handle('task:create', async (task, { publish }) => {
 *   const saved = await tasks.insert(task)
 *   await publish('entity:Task', 'entity:created', saved)
 *   return saved
 * })
 * server.attach(httpServer)
 */
export class RealtimeServer {
  readonly #core: ServerCore
  readonly #router: UpgradeRouter
  readonly #sessions: SessionTable
  readonly #outlets: OutletParts
  readonly #listening = new Set<Server>()
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: RealtimeServerOptions = {}) {
    const parts = channelParts(options)
    const { clock, origins, limits } = parts.options
    const { report } = parts
    const channels = new ChannelManager(options, parts)
    this.#core = { ...parts, channels, handlers: new Handlers() }
    this.#outlets = { clock, turn: new Turn(), counts: { slow: 0, withheld: 0, cut: 0 } }
    this.#sessions = new SessionTable(report)
    this.#router = new UpgradeRouter({
      origins,
      frameBytes: limits.frameBytes,
      open: (mount, socket, request) => this.#open(mount, socket, request),
      report,
    })
  }

  /** The channels: who is subscribed, and who shall be no longer. */
  get channels(): ChannelManager {
    return this.#core.channels
  }

  /**
   * Serves the native protocol at a path of an http server, and every mount at its own. Other
   * requests of that server are left alone.
   *
   * @param path `/ws` unless named
   */
  attach(httpServer: Server, path: string = NATIVE_PATH): void {
    this.#refuseClosed()
    if (!this.#router.has(path)) this.mount(path, nativeMount())
    this.#router.attach(httpServer)
  }

  /** Serves something else at a path; `:name` in it stands for one segment. */
  mount(path: string, mount: Mount): void {
    this.#refuseClosed()
    this.#router.mount(path, mount)
    mount.mounted?.(this.#core)
  }

  /**
   * Makes an http server of its own and serves from it; rejects where the port is taken.
   *
   * @param port 0 takes any free one
   * @param host `127.0.0.1` unless named: other machines only reach what is bound to their network
   */
  async listen(port = 0, host = '127.0.0.1'): Promise<ListeningServer> {
    const httpServer = createServer({ headersTimeout: HEADERS_MS }, (_request, response) => {
      response.writeHead(426, { 'Content-Type': 'text/plain' }).end('Only WebSockets are served.')
    })
    this.attach(httpServer)
    this.#listening.add(httpServer)
    await new Promise<void>((resolve, reject) => {
      httpServer.once('error', reject)
      httpServer.listen(port, host, () => {
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
   * @returns removes the handler; safe to call twice
   */
  handle(type: string, handler: RequestHandler): () => void {
    return this.#core.handlers.add(type, handler)
  }

  /**
   * Adds an event to a channel and tells its members.
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
    return this.#core.channels.publish(channel, type, payload, options)
  }

  /** The connections of this moment. */
  connections(): readonly ConnectionInfo[] {
    return this.#sessions.infos()
  }

  /** Counts of this moment. */
  stats(): ServerStats {
    const { channels } = this.#core
    const { slow, withheld, cut } = this.#outlets.counts
    return {
      connections: this.#sessions.size,
      channels: channels.size,
      subscriptions: channels.subscriptions,
      slowConsumers: slow,
      withheldEvents: withheld,
      closedSlowConsumers: cut,
      droppedBroadcasts: channels.dropped,
    }
  }

  /**
   * Closes the server without hurting anybody: asks all clients to move to another server, refuses
   * new ones, lets what is under way finish, and closes each connection that has moved, the others at
   * the deadline, with 1012. Calling it again changes nothing.
   *
   * @returns settles once the server is closed
   */
  drain(options: DrainOptions = {}): Promise<void> {
    this.#draining ??= this.#closing ?? this.#drain(drainNotice(options))
    return this.#draining
  }

  /**
   * Closes every socket, cutting those that do not answer within a second, and ends the server.
   * Calling it again changes nothing.
   *
   * @returns settles once all sockets are gone
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.code ?? 1001, options.reason ?? 'the server is closing')
    return this.#closing
  }

  async #drain(notice: GoawayFrame): Promise<void> {
    this.#router.refuse(notice.deadlineMs)
    const code = 1012
    const reason = JSON.stringify({ windowMs: notice.windowMs })
    const parts = {
      sessions: this.#sessions.list(),
      clock: this.#core.options.clock,
      end: (session: Session) => this.#sessions.end(session, code, reason),
      emptied: this.#sessions.emptied(),
    }
    await drain(parts, notice)
    await this.close({ code, reason })
  }

  async #close(code: number, reason: string): Promise<void> {
    this.#router.refuse()
    const stopped = Array.from(this.#listening, stop)
    for (const session of this.#sessions.list()) this.#sessions.end(session, code, reason)
    await this.#sessions.emptied()
    await Promise.all(stopped)
    this.#router.detach()
    await this.#core.channels.close()
  }

  #open(mount: Mount, raw: RawSocket, request: MountRequest): SocketHandlers {
    const { report } = this.#core
    let session: Session | undefined
    const cut = (): void => {
      if (session) this.#sessions.end(session, 1013, 'too slow')
    }
    const outlet = new Outlet(this.#outlets, { raw, join: mount.join, cut })
    try {
      session = mount.open(outlet, request, this.#core)
      const handlers = this.#sessions.add(session, outlet)
      const closed = (): void => {
        outlet.end()
        handlers.closed()
      }
      return { ...handlers, closed }
    } catch (error) {
      report(error)
      outlet.close(1011, 'internal')
      return { text() {}, binary() {}, closed() {} }
    }
  }

  #refuseClosed(): void {
    if (!this.#closing) return
    throw new WirefoldError('closed', 'The server is closed. Create another one.', {})
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
