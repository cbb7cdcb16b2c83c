import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FREEZE_MS } from '../shared.ts'
import { addressOf } from './address.ts'

/**
 * The way between the pages and this server, where things go wrong on demand. It works below the
 * WebSockets: neither end is told anything, as when a train enters a tunnel.
 */
export class Network {
  readonly #sockets = new Map<string, Set<Duplex>>()
  readonly #frozen = new Map<string, NodeJS.Timeout>()

  /** @param isServed whether somebody serves a path at this moment */
  constructor(http: Server, isServed: (path: string) => boolean) {
    // First in line: of a page that is frozen not even the handshake may get through.
    http.prependListener('upgrade', (request: IncomingMessage, tcp: Duplex) => {
      const { path, query } = addressOf(request.url)
      this.#add(query.get('page') ?? '', tcp)
      // While the server of a path is away nobody else would answer.
      if (!isServed(path)) {
        tcp.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      }
    })
  }

  /** Cuts a page's connections without a goodbye. */
  cut(page: string): void {
    for (const tcp of this.#of(page)) tcp.destroy()
  }

  /** Holds back everything on a page's connections, in both directions, until it thaws. */
  freeze(page: string): void {
    if (this.#frozen.has(page)) return
    const timer = setTimeout(() => this.thaw(page), FREEZE_MS)
    this.#frozen.set(page, timer)
    for (const tcp of this.#of(page)) hold(tcp)
  }

  /** Lets everything through that was held back. */
  thaw(page: string): void {
    if (!this.#frozen.has(page)) return
    clearTimeout(this.#frozen.get(page))
    this.#frozen.delete(page)
    for (const tcp of this.#of(page)) release(tcp)
  }

  /** Cuts whatever is left, and ends. */
  close(): void {
    for (const timer of this.#frozen.values()) clearTimeout(timer)
    for (const page of this.#sockets.keys()) this.cut(page)
  }

  #add(page: string, tcp: Duplex): void {
    const sockets = this.#of(page).add(tcp)
    this.#sockets.set(page, sockets)
    if (this.#frozen.has(page)) hold(tcp)
    tcp.once('close', () => {
      sockets.delete(tcp)
      if (sockets.size === 0) this.#sockets.delete(page)
    })
  }

  #of(page: string): Set<Duplex> {
    return this.#sockets.get(page) ?? new Set()
  }
}

function hold(tcp: Duplex): void {
  tcp.cork()
  tcp.pause()
}

function release(tcp: Duplex): void {
  tcp.uncork()
  tcp.resume()
}
