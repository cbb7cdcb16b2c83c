import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FREEZE_MS } from '../shared.ts'
import { addressOf } from './address.ts'

/**
 * Causes faults between the pages and this server, on demand. It works below the WebSockets, so
 * neither peer is notified, as with a lost network.
 */
export class Network {
  readonly #sockets = new Map<string, Set<Duplex>>()
  readonly #frozen = new Map<string, NodeJS.Timeout>()

  /**
   * @param http the server whose upgrade requests pass through this network
   * @param behind the server that gets them; it does not listen itself
   * @param isServed whether a server is attached to a path at this moment
   */
  constructor(http: Server, behind: Server, isServed: (path: string) => boolean) {
    http.on('upgrade', (request: IncomingMessage, tcp: Duplex, head: Buffer) => {
      const { path, query } = addressOf(request.url)
      // First: if a page is frozen, not even its handshake may get through.
      this.#add(query.get('page') ?? '', tcp)
      if (isServed(path)) behind.emit('upgrade', request, tcp, head)
      // The server of the path restarts.
      else tcp.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    })
  }

  /** Destroys a page's connections without a close frame. */
  disconnect(page: string): void {
    for (const tcp of this.#of(page)) tcp.destroy()
  }

  /** Holds back all data on a page's connections, in both directions, until it thaws. */
  freeze(page: string): void {
    if (this.#frozen.has(page)) return
    const timer = setTimeout(() => this.thaw(page), FREEZE_MS)
    this.#frozen.set(page, timer)
    for (const tcp of this.#of(page)) hold(tcp)
  }

  /** Releases the data held back. */
  thaw(page: string): void {
    if (!this.#frozen.has(page)) return
    clearTimeout(this.#frozen.get(page))
    this.#frozen.delete(page)
    for (const tcp of this.#of(page)) release(tcp)
  }

  /** Destroys the remaining connections, and stops the timers. */
  close(): void {
    for (const timer of this.#frozen.values()) clearTimeout(timer)
    for (const page of this.#sockets.keys()) this.disconnect(page)
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
