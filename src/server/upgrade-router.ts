import type { IncomingMessage, Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpRefusal, Mount, MountRequest } from './mount.ts'
import type { PathPattern } from './path-pattern.ts'
import { pathPattern } from './path-pattern.ts'
import type { RawSocket, SocketHandlers } from './socket.ts'
import type { Acceptor } from './ws-acceptor.ts'
import { createAcceptor } from './ws-acceptor.ts'

/** What a router is made of. */
export interface UpgradeRouterParts {
  readonly origins: readonly string[] | undefined
  readonly frameBytes: number
  /** Takes a socket that was accepted for a mount. */
  readonly open: (mount: Mount, socket: RawSocket, request: MountRequest) => SocketHandlers
  /** Receives what a mount threw. */
  readonly report: (error: unknown) => void
}

interface Route {
  readonly path: string
  readonly pattern: PathPattern
  readonly mount: Mount
  readonly accept: Acceptor
}

/** Leads the upgrade requests of any number of http servers to the mounts of their paths. */
export class UpgradeRouter {
  readonly #parts: UpgradeRouterParts
  readonly #routes: Route[] = []
  readonly #servers = new Map<Server, () => void>()
  #refusing: HttpRefusal | undefined

  constructor(parts: UpgradeRouterParts) {
    this.#parts = parts
  }

  /** Whether a path is taken. */
  has(path: string): boolean {
    return this.#routes.some((route) => route.path === path)
  }

  /** Adds a mount; throws a `TypeError` where the path is taken or does not begin with a slash. */
  mount(path: string, mount: Mount): void {
    if (this.has(path)) throw new TypeError(`Something is mounted at "${path}" already.`)
    const { frameBytes } = this.#parts
    const accept = createAcceptor({ protocols: mount.protocols, frameBytes })
    this.#routes.push({ path, pattern: pathPattern(path), mount, accept })
  }

  /** Listens to a server's upgrade requests, once. */
  attach(server: Server): void {
    if (this.#servers.has(server)) return
    const upgrade = (request: IncomingMessage, tcp: Duplex, head: Buffer): void =>
      this.#upgrade(server, request, tcp, head)
    server.on('upgrade', upgrade)
    this.#servers.set(server, () => server.off('upgrade', upgrade))
  }

  /**
   * Answers what comes from now on with 503.
   *
   * @param retryAfterMs the soonest it makes sense to ask again, in milliseconds from now
   */
  refuse(retryAfterMs?: number): void {
    this.#refusing = { status: 503, reason: 'The server is closing.', retryAfterMs }
  }

  /** Listens no longer. */
  detach(): void {
    for (const off of this.#servers.values()) off()
    this.#servers.clear()
  }

  #upgrade(server: Server, request: IncomingMessage, tcp: Duplex, head: Buffer): void {
    const found = this.#find(request)
    if (!found) {
      // Somebody else's upgrade listener, such as a development server's, may know the path.
      if (server.listenerCount('upgrade') === 1) answer(tcp, NOT_FOUND)
      return
    }
    const { route, asked } = found
    const refusal = this.#refusal(asked, route.mount)
    if (refusal) answer(tcp, refusal)
    else {
      route.accept(request, tcp, head, (socket) => this.#parts.open(route.mount, socket, asked))
    }
  }

  #find(request: IncomingMessage): { route: Route; asked: MountRequest } | undefined {
    const { headers, url = '/' } = request
    const [path = '', ...rest] = url.split('?')
    for (const route of this.#routes) {
      const params = route.pattern(path)
      if (!params) continue
      const query = new URLSearchParams(rest.join('?'))
      return { route, asked: { headers, url, query, params } }
    }
    return undefined
  }

  #refusal(request: MountRequest, mount: Mount): HttpRefusal | undefined {
    if (this.#refusing) return this.#refusing
    const { origins } = this.#parts
    const { origin } = request.headers
    if (origins && origin !== undefined && !origins.includes(origin)) return FOREIGN
    try {
      return mount.refuse?.(request)
    } catch (error) {
      this.#parts.report(error)
      return BROKEN
    }
  }
}

const NOT_FOUND: HttpRefusal = { status: 404, reason: 'Nothing is served at this path.' }
const BROKEN: HttpRefusal = { status: 500, reason: 'Something went wrong on the server.' }
const FOREIGN: HttpRefusal = { status: 403, reason: 'This origin is not allowed.' }

function answer(tcp: Duplex, { status, reason, retryAfterMs }: HttpRefusal): void {
  // A peer that is gone already must not take the process down.
  tcp.on('error', () => tcp.destroy())
  tcp.once('finish', () => tcp.destroy())
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(reason)}`,
  ]
  if (retryAfterMs !== undefined) lines.push(`Retry-After: ${Math.ceil(retryAfterMs / 1_000)}`)
  tcp.end(`${lines.join('\r\n')}\r\n\r\n${reason}`)
}
