import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FREEZE_MS, SLOW_MS } from '../page/faults.ts'
import { addressOf } from './address.ts'
import { Line } from './line.ts'

/**
 * Causes faults between the pages and this server, on demand. It works below the WebSockets, so
 * neither peer is notified, as with a lost network.
 */
export class Network {
  readonly #lines = new Map<string, Set<Line>>()
  readonly #frozen = new Map<string, NodeJS.Timeout>()
  readonly #cut = new Set<string>()
  readonly #slow = new Set<string>()

  /**
   * @param http the server whose upgrade requests pass through this network
   * @param behind the server that gets them; it does not listen itself
   * @param isServed whether a server is attached to a path at this moment
   */
  constructor(http: Server, behind: Server, isServed: (path: string) => boolean) {
    http.on('upgrade', (request: IncomingMessage, tcp: Duplex, head: Buffer) => {
      const { path, query } = addressOf(request.url)
      const page = query.get('page') ?? ''
      if (this.#cut.has(page)) {
        tcp.destroy()
        return
      }
      // First: if a page is frozen, not even its handshake may get through.
      const line = this.#add(page, tcp)
      if (isServed(path)) behind.emit('upgrade', request, line, head)
      // The server of the path restarts.
      else line.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    })
  }

  /** Destroys a page's connections without a close frame. */
  disconnect(page: string): void {
    for (const line of this.#of(page)) line.destroy()
  }

  /** Does the same, and lets no other connection through until the page is joined again. */
  cut(page: string): void {
    this.#cut.add(page)
    this.disconnect(page)
  }

  /** Lets connections of a page through again. */
  join(page: string): void {
    this.#cut.delete(page)
  }

  /** Makes a page's connections slow, or not. */
  slow(page: string, isSlow: boolean): void {
    if (isSlow) this.#slow.add(page)
    else this.#slow.delete(page)
    for (const line of this.#of(page)) line.slow(isSlow ? SLOW_MS : 0)
  }

  /** Holds back all data on a page's connections, in both directions, until it thaws. */
  freeze(page: string): void {
    if (this.#frozen.has(page)) return
    const timer = setTimeout(() => this.thaw(page), FREEZE_MS)
    this.#frozen.set(page, timer)
    for (const line of this.#of(page)) line.hold(true)
  }

  /** Releases the data held back. */
  thaw(page: string): void {
    if (!this.#frozen.has(page)) return
    clearTimeout(this.#frozen.get(page))
    this.#frozen.delete(page)
    for (const line of this.#of(page)) line.hold(false)
  }

  /** Returns the faults that a page has at this moment. */
  faultsOf(page: string): { readonly [Fault in 'cut' | 'freeze' | 'slow']: boolean } {
    return {
      cut: this.#cut.has(page),
      freeze: this.#frozen.has(page),
      slow: this.#slow.has(page),
    }
  }

  /** Destroys the remaining connections, and stops the timers. */
  close(): void {
    for (const timer of this.#frozen.values()) clearTimeout(timer)
    for (const page of this.#lines.keys()) this.disconnect(page)
  }

  #add(page: string, tcp: Duplex): Line {
    const line = new Line(tcp)
    const lines = this.#of(page).add(line)
    this.#lines.set(page, lines)
    line.slow(this.#slow.has(page) ? SLOW_MS : 0)
    line.hold(this.#frozen.has(page))
    line.once('close', () => {
      lines.delete(line)
      if (lines.size === 0) this.#lines.delete(page)
    })
    return line
  }

  #of(page: string): Set<Line> {
    return this.#lines.get(page) ?? new Set()
  }
}
