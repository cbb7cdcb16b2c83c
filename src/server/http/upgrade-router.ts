import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { loggable } from '../../base/logger.ts'
import type { Access } from '../access/access.ts'
import type { HttpRefusal, UpgradeRequest } from '../access/upgrade-request.ts'
import type { Counters } from '../metrics/counters.ts'
import type { Mount, MountHost } from '../session/mount.ts'
import type { RawSocket, SocketHandlers } from '../socket/socket.ts'
import { answerRefusal, refusals } from './http-response.ts'
import type { OriginRules } from './origins.ts'
import { originAllowed } from './origins.ts'
import type { PathPattern } from './path-pattern.ts'
import { pathPattern } from './path-pattern.ts'
import { watchUnclaimed } from './unclaimed-upgrade.ts'
import type { Acceptor } from './ws-acceptor.ts'
import { createAcceptor } from './ws-acceptor.ts'

/** What takes the sockets that a router lets in. */
export interface SocketTaker {
  /** Why a request would get no socket, where that is so. */
  refusal(request: UpgradeRequest): HttpRefusal | undefined
  /** Takes a socket. */
  accept(socket: RawSocket, request: UpgradeRequest, mount: Mount): SocketHandlers
}

/** The dependencies of an {@link UpgradeRouter}. */
export interface UpgradeRouterDeps {
  readonly taker: SocketTaker
  /** Given to the mounts. */
  readonly host: MountHost
  readonly clock: Clock
  readonly access: Access
  /** Whether the application is asked before an upgrade. */
  readonly asksBefore: boolean
  readonly origins: OriginRules
  /** The largest frame, in bytes. */
  readonly frameBytes: number
  /** How long another upgrade listener may take to answer, in milliseconds. */
  readonly helloTimeoutMs: number
  readonly counters: Counters
  readonly logger: Logger | undefined
  /** Receives the errors of mounts; never throws. */
  report(error: unknown): void
}

interface Route {
  readonly path: string
  readonly pattern: PathPattern
  readonly mount: Mount
  readonly accept: Acceptor
}

/** An upgrade request on its way. */
interface Upgrade {
  readonly request: IncomingMessage
  readonly tcp: Duplex
  readonly head: Buffer
}

/** Leads the upgrade requests of any number of http servers to the mounts of their paths. */
export class UpgradeRouter {
  readonly #deps: UpgradeRouterDeps
  readonly #routes: Route[] = []
  readonly #servers = new Map<Server, () => void>()
  readonly #unclaimed = new Set<() => void>()
  #refusing: HttpRefusal | undefined

  constructor(deps: UpgradeRouterDeps) {
    this.#deps = deps
  }

  /** Whether a path is taken. */
  has(path: string): boolean {
    return this.#routes.some((route) => route.path === path)
  }

  /** Adds a mount; throws a `TypeError` where the path is taken or does not begin with a slash. */
  mount(path: string, mount: Mount): void {
    if (this.has(path)) throw new TypeError(`Something is mounted at "${path}" already.`)
    const { frameBytes } = this.#deps
    const accept = createAcceptor({ protocols: mount.protocols, frameBytes })
    this.#routes.push({ path, pattern: pathPattern(path), mount, accept })
    mount.mounted?.(this.#deps.host)
  }

  /** Listens to a server's upgrade requests, once. */
  attach(server: Server): void {
    if (this.#servers.has(server)) return
    const upgrade = (request: IncomingMessage, tcp: Duplex, head: Buffer): void =>
      this.#upgrade(server, { request, tcp, head })
    server.on('upgrade', upgrade)
    this.#servers.set(server, () => server.off('upgrade', upgrade))
  }

  /**
   * Answers what comes from now on with 503.
   *
   * @param retryAfterMs the soonest it makes sense to ask again, in milliseconds from now
   */
  refuse(retryAfterMs?: number): void {
    const reason = 'The server is closing.'
    this.#refusing = { status: 503, code: 'unavailable', reason, retryAfterMs }
  }

  /** Listens no longer, and takes the mounts down. */
  detach(): void {
    for (const off of this.#servers.values()) off()
    this.#servers.clear()
    for (const forget of this.#unclaimed) forget()
    this.#unclaimed.clear()
    for (const { mount } of this.#routes.splice(0)) mount.unmounted?.(this.#deps.host)
  }

  #upgrade(server: Server, upgrade: Upgrade): void {
    const found = this.#find(upgrade.request)
    if (found) void this.#lead(found.route, found.asked, upgrade)
    // Somebody else's upgrade listener, such as a development server's, may know the path.
    else if (server.listenerCount('upgrade') > 1) this.#leave(upgrade)
    else this.#answer(upgrade, refusals.nowhere)
  }

  #leave(upgrade: Upgrade): void {
    const { clock, helloTimeoutMs } = this.#deps
    const { tcp } = upgrade
    const nobody = (): void => this.#answer(upgrade, refusals.nowhere)
    const forget = watchUnclaimed(tcp, { clock, deadlineMs: helloTimeoutMs, nobody })
    this.#unclaimed.add(forget)
    tcp.once('close', () => this.#unclaimed.delete(forget))
  }

  async #lead(route: Route, asked: UpgradeRequest, upgrade: Upgrade): Promise<void> {
    const { tcp, request, head } = upgrade
    const { access, asksBefore, taker } = this.#deps
    let refusal = this.#refusal(asked, route.mount)
    if (!refusal && asksBefore) {
      const ignore = (): void => {}
      tcp.on('error', ignore)
      if (!(await access.canConnect(asked))) refusal = refusals.unknown
      // Meanwhile others may have come, or the end.
      refusal ??= this.#refusal(asked, route.mount)
      tcp.off('error', ignore)
    }
    if (tcp.destroyed) return
    if (refusal) this.#answer(upgrade, refusal)
    else route.accept(request, tcp, head, (ws) => taker.accept(ws, asked, route.mount))
  }

  #find({
    headers,
    url = '/',
    socket: { remoteAddress },
  }: IncomingMessage): { route: Route; asked: UpgradeRequest } | undefined {
    const [path = '', ...rest] = url.split('?')
    for (const route of this.#routes) {
      const params = route.pattern(path)
      if (!params) continue
      const query = new URLSearchParams(rest.join('?'))
      const address = this.#deps.access.addressOf({ headers, remoteAddress })
      return { route, asked: { headers, url, query, params, address } }
    }
    return undefined
  }

  #refusal(request: UpgradeRequest, mount: Mount): HttpRefusal | undefined {
    if (this.#refusing) return this.#refusing
    if (!originAllowed(request.headers.origin, this.#deps.origins)) return refusals.foreign
    try {
      return this.#deps.taker.refusal(request) ?? mount.refuse?.(request)
    } catch (error) {
      this.#deps.report(error)
      return refusals.broken
    }
  }

  #answer({ tcp, request }: Upgrade, refusal: HttpRefusal): void {
    const { counters, logger } = this.#deps
    const { status, code } = refusal
    // Without the query, where tokens may be.
    const [path = ''] = (request.url ?? '').split('?')
    counters.refused(code)
    logger?.('connection', `refused ${loggable(path)}: ${status} ${code}`)
    answerRefusal(tcp, refusal)
  }
}
