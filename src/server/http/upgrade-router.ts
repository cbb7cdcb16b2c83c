import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { badOption } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { loggable } from '../../base/logger.ts'
import type { Access } from '../access/access.ts'
import type { AddressedRequest } from '../access/client-address.ts'
import type { HttpRefusal, UpgradeRequest } from '../access/upgrade-request.ts'
import type { Counters } from '../metrics/counters.ts'
import type { Mount, MountHost } from '../session/mount.ts'
import type { PlainSocket, RawSocket, SocketHandlers } from '../socket/socket.ts'
import type { HttpServer } from './claim-upgrades.ts'
import { claimUpgrades } from './claim-upgrades.ts'
import { answerRefusal, refusals } from './http-response.ts'
import type { OriginRules } from './origins.ts'
import { OriginReports, originAllowed } from './origins.ts'
import type { PathParams, PathPattern } from './path-pattern.ts'
import { pathPattern } from './path-pattern.ts'
import { watchUnclaimed } from './unclaimed-upgrade.ts'
import type { Acceptor } from './ws-acceptor.ts'
import { createAcceptor } from './ws-acceptor.ts'

/** Routes the upgrade requests of one or several HTTP servers to the mounts of their paths. */
export class UpgradeRouter {
  readonly #deps: UpgradeRouterDeps
  readonly #routes: Route[] = []
  readonly #servers = new Map<HttpServer, () => void>()
  readonly #unclaimed = new Set<() => void>()
  readonly #originReports: OriginReports
  #refusing: HttpRefusal | undefined

  constructor(deps: UpgradeRouterDeps) {
    this.#deps = deps
    this.#originReports = new OriginReports(deps.origins, deps.warn)
  }

  /** Whether a mount has this path. */
  has(path: string): boolean {
    return this.#routes.some((route) => route.path === path)
  }

  /** Adds a mount; throws `bad-option` if the path is taken or does not begin with a slash. */
  mount(path: string, mount: Mount): void {
    if (this.has(path))
      throw badOption('path', `The path "${path}" has a mount already. Use another path.`)
    if (typeof mount?.open !== 'function') {
      throw badOption(
        'mount',
        `What is mounted at "${path}" is no mount. Pass the result of entityMount() or another function that creates one.`,
      )
    }
    const { frameBytes } = this.#deps
    const accept = createAcceptor({ protocols: mount.protocols, frameBytes })
    const pattern = pathPattern(path)
    mount.mounted?.(this.#deps.host)
    this.#routes.push({ path, pattern, mount, accept })
  }

  /** Serves the paths of the mounts on an HTTP server; does nothing if it does already. */
  attach(server: HttpServer): void {
    if (typeof server !== 'object' || typeof server?.on !== 'function') {
      throw badOption(
        'server',
        'attach() takes an HTTP server. Pass that of createServer(app), or the result of app.listen().',
      )
    }
    if (this.#servers.has(server)) return
    const claim = (request: IncomingMessage, tcp: Duplex, head: Buffer): boolean =>
      this.#claim({ request, tcp, head })
    const upgrade = (request: IncomingMessage, tcp: Duplex, head: Buffer): void =>
      this.#upgrade(server, { request, tcp, head })
    this.#servers.set(server, claimUpgrades(server, { claim, upgrade }))
  }

  /**
   * Serves a socket that another library has accepted, with the checks of an upgrade request.
   *
   * @returns the handlers of the socket, or why it is not served
   */
  async connect(
    socket: PlainSocket,
    request: ConnectRequest,
    mount: Mount,
  ): Promise<SocketHandlers | HttpRefusal> {
    const { checksConnect, taker } = this.#deps
    const upgradeRequest = this.#requested(request, new Map())
    const refusal =
      this.#refusal(upgradeRequest, mount) ??
      (checksConnect ? await this.#refusalByHook(upgradeRequest, mount) : undefined)
    if (!refusal) return taker.connect(socket, upgradeRequest, mount)
    this.#noteRefusal(request.url, refusal)
    return refusal
  }

  /** Removes the mount of a path; its open connections stay. */
  unmount(path: string): void {
    const at = this.#routes.findIndex((route) => route.path === path)
    if (at >= 0) this.#unmounted(this.#routes.splice(at, 1))
  }

  /**
   * Refuses all further upgrade requests with 503.
   *
   * @param retryAfterMs minimum time before a retry, in milliseconds
   */
  refuse(retryAfterMs?: number): void {
    const reason = 'The server is closing.'
    this.#refusing = { status: 503, code: 'unavailable', reason, retryAfterMs }
  }

  /** Removes the upgrade listeners and the mounts. */
  detach(): void {
    for (const off of this.#servers.values()) off()
    this.#servers.clear()
    for (const cancel of this.#unclaimed) cancel()
    this.#unclaimed.clear()
    this.#unmounted(this.#routes.splice(0))
  }

  #unmounted(routes: readonly Route[]): void {
    for (const { mount } of routes) {
      try {
        mount.unmounted?.(this.#deps.host)
      } catch (error) {
        this.#deps.report(error)
      }
    }
  }

  /** Serves a request whose path has a mount; returns false for others. */
  #claim(upgrade: Upgrade): boolean {
    const { request } = upgrade
    const found = this.#match(request)
    if (found) void this.#serve(found.route, this.#upgraded(request, found.params), upgrade)
    return found !== undefined
  }

  #upgrade(server: HttpServer, upgrade: Upgrade): void {
    // A library that calls the listeners by itself passes every request.
    if (this.#claim(upgrade)) return
    // Another upgrade listener, such as that of a development server, may serve the path.
    if (server.listenerCount('upgrade') > 1) this.#waitForOthers(upgrade)
    else this.#refuse(upgrade, refusals.notFound)
  }

  #waitForOthers(upgrade: Upgrade): void {
    const { clock, helloTimeoutMs } = this.#deps
    const { tcp } = upgrade
    const onUnclaimed = (): void => this.#refuse(upgrade, refusals.notFound)
    const cancel = watchUnclaimed(tcp, { clock, deadlineMs: helloTimeoutMs, onUnclaimed })
    this.#unclaimed.add(cancel)
    tcp.once('close', () => this.#unclaimed.delete(cancel))
  }

  async #serve(route: Route, upgradeRequest: UpgradeRequest, upgrade: Upgrade): Promise<void> {
    const { tcp, request, head } = upgrade
    const { checksConnect, taker } = this.#deps
    const { mount } = route
    let refusal = this.#refusal(upgradeRequest, mount)
    if (!refusal && checksConnect) {
      const ignore = (): void => {}
      tcp.on('error', ignore)
      refusal = await this.#refusalByHook(upgradeRequest, mount)
      tcp.off('error', ignore)
    }
    if (tcp.destroyed) return
    if (refusal) this.#refuse(upgrade, refusal)
    else route.accept(request, tcp, head, (ws) => taker.accept(ws, upgradeRequest, mount))
  }

  #match({ url = '/' }: IncomingMessage): { route: Route; params: PathParams } | undefined {
    const path = pathOf(url)
    for (const route of this.#routes) {
      const params = route.pattern(path)
      if (params) return { route, params }
    }
    return undefined
  }

  #upgraded(
    { headers, url = '/', socket: { remoteAddress } }: IncomingMessage,
    params: PathParams,
  ): UpgradeRequest {
    return this.#requested({ headers, url, remoteAddress }, params)
  }

  #requested({ headers, url, remoteAddress }: ConnectRequest, params: PathParams): UpgradeRequest {
    const query = new URLSearchParams(url.slice(pathOf(url).length + 1))
    const address = this.#deps.access.addressOf({ headers, remoteAddress })
    return { headers, url, query, params, address }
  }

  /** Asks the hook `canConnect`; returns a refusal if the request must not be served. */
  async #refusalByHook(request: UpgradeRequest, mount: Mount): Promise<HttpRefusal | undefined> {
    const { access, taker } = this.#deps
    // Requests that wait for the hook count for the limit of their address.
    const release = taker.hold(request)
    const may = await access.canConnect(request)
    release()
    // While the hook ran, the limit may have been reached, or the server closed.
    return this.#refusal(request, mount) ?? (may ? undefined : refusals.notAuthenticated)
  }

  #refusal(request: UpgradeRequest, mount: Mount): HttpRefusal | undefined {
    if (this.#refusing) return this.#refusing
    const { headers } = request
    const allowed = originAllowed(headers, this.#deps.origins)
    this.#originReports.checked(headers.origin, allowed)
    if (!allowed) return refusals.originNotAllowed
    try {
      return this.#deps.taker.refusal(request) ?? mount.refuse?.(request)
    } catch (error) {
      this.#deps.report(error)
      return refusals.internal
    }
  }

  #refuse({ tcp, request }: Upgrade, refusal: HttpRefusal): void {
    this.#noteRefusal(request.url, refusal)
    answerRefusal(tcp, refusal)
  }

  #noteRefusal(url = '', { status, code }: HttpRefusal): void {
    const { counters, logger } = this.#deps
    // The query may contain tokens, so it is not logged.
    const path = pathOf(url)
    counters.refused(code)
    logger?.('connection', `refused ${loggable(path)}: ${status} ${code}`)
  }
}

/** The request of a socket that another library has accepted. */
export interface ConnectRequest extends AddressedRequest {
  /** The path and query, as sent. */
  readonly url: string
}

/** Takes the sockets of accepted upgrade requests. */
export interface SocketTaker {
  /** Returns why a request gets no socket; `undefined` if it gets one. */
  refusal(request: UpgradeRequest): HttpRefusal | undefined
  /** Counts a connection for the address of a request until the returned function is called. */
  hold(request: UpgradeRequest): () => void
  /** Serves an accepted socket. */
  accept(socket: RawSocket, request: UpgradeRequest, mount: Mount): SocketHandlers
  /** Serves a socket that another library has accepted. */
  connect(socket: PlainSocket, request: UpgradeRequest, mount: Mount): SocketHandlers
}

/** The dependencies of an {@link UpgradeRouter}. */
export interface UpgradeRouterDeps {
  readonly taker: SocketTaker
  /** Passed to the mounts. */
  readonly host: MountHost
  readonly clock: Clock
  readonly access: Access
  /** Whether the application has a `canConnect` hook, which is called before an upgrade. */
  readonly checksConnect: boolean
  readonly origins: OriginRules
  /** Maximum size of a message, in bytes. */
  readonly frameBytes: number
  /** Time within which another upgrade listener has to claim an unknown path, in milliseconds. */
  readonly helloTimeoutMs: number
  readonly counters: Counters
  readonly logger: Logger | undefined
  /** Receives the errors of mounts; never throws. */
  report(error: unknown): void
  /** Receives warnings for those who run the server. */
  warn(text: string): void
}

interface Route {
  readonly path: string
  readonly pattern: PathPattern
  readonly mount: Mount
  readonly accept: Acceptor
}

/** The arguments of an `upgrade` event. */
interface Upgrade {
  readonly request: IncomingMessage
  readonly tcp: Duplex
  readonly head: Buffer
}

/** Returns the part of an address before its query. */
function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}
