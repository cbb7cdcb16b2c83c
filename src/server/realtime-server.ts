import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { WirefoldError } from '../base/errors.ts'
import { safely } from '../base/report.ts'
import type { GoawayFrame, Position } from '../wire/frame.ts'
import { Access } from './access.ts'
import { Attendance } from './attendance.ts'
import { ChannelTable } from './channel-table.ts'
import type { ServerCore } from './core.ts'
import type { DrainOptions } from './drain.ts'
import { drain, drainNotice } from './drain.ts'
import type { RequestHandler } from './handlers.ts'
import { Handlers } from './handlers.ts'
import { MemoryBroker } from './memory-broker.ts'
import type { ConnectionInfo, Mount, MountRequest, Session } from './mount.ts'
import { nativeMount } from './native-mount.ts'
import type { RealtimeServerOptions } from './options.ts'
import { resolveServerOptions } from './options.ts'
import { PresenceTracker } from './presence-tracker.ts'
import { Publisher } from './publisher.ts'
import { SessionTable } from './session-table.ts'
import type { Socket, SocketHandlers } from './socket.ts'
import { UpgradeRouter } from './upgrade-router.ts'

/** Where the native protocol is served unless another path is named. */
const NATIVE_PATH = '/ws'
/** How long a client may take over the headers of its request, in milliseconds. */
const HEADERS_MS = 10_000

/** What may be said of an event besides its payload. */
export interface PublishOptions {
  /** The event's id, for receivers that have to recognise it. */
  readonly id?: string | undefined
}

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
  /** Who is where, on all servers that share the broker. */
  readonly presence: PresenceTracker
  readonly #core: ServerCore
  readonly #ownsBroker: boolean
  readonly #router: UpgradeRouter
  readonly #sessions: SessionTable
  readonly #listening = new Set<Server>()
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: RealtimeServerOptions = {}) {
    const resolved = resolveServerOptions(options)
    const report = safely(resolved.onError)
    const broker = options.broker ?? new MemoryBroker({ clock: resolved.clock })
    this.#ownsBroker = options.broker === undefined
    const timed = {
      store: broker.presence,
      clock: resolved.clock,
      timeoutMs: resolved.presence.timeoutMs,
    }
    this.presence = new PresenceTracker(timed)
    this.#core = {
      options: resolved,
      broker,
      channels: new ChannelTable(broker),
      publisher: new Publisher(broker, resolved.families),
      access: new Access({ ...resolved, report }),
      attendance: new Attendance({ ...timed, report }),
      handlers: new Handlers(),
      report,
    }
    this.#sessions = new SessionTable(report)
    this.#router = new UpgradeRouter({
      origins: resolved.origins,
      frameBytes: resolved.limits.frameBytes,
      open: (mount, socket, request) => this.#open(mount, socket, request),
      report,
    })
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
   * Rejects with `bad-channel`, `too-large` or `closed`, or a `TypeError` for a type or payload that
   * cannot be an event's.
   */
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<Position> {
    this.#refuseClosed()
    const event = { type, id: options.id, timestamp: this.#core.options.clock.wall() }
    return this.#core.publisher.publish(channel, event, payload)
  }

  /** The connections of this moment. */
  connections(): readonly ConnectionInfo[] {
    return this.#sessions.infos()
  }

  /** Counts of this moment. */
  stats(): ServerStats {
    const { channels } = this.#core
    return {
      connections: this.#sessions.size,
      channels: channels.size,
      subscriptions: channels.members,
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
    this.#core.attendance.close()
    await Promise.all(stopped)
    this.#router.detach()
    if (this.#ownsBroker) await this.#core.broker.close()
  }

  #open(mount: Mount, socket: Socket, request: MountRequest): SocketHandlers {
    const { report } = this.#core
    try {
      const session = mount.open(socket, request, this.#core)
      return this.#sessions.add(session, socket)
    } catch (error) {
      report(error)
      socket.close(1011, 'internal')
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
