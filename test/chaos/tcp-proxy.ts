import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { Clock } from 'wirefold'
import { webSocketTransport } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import type { Random, Way } from 'wirefold/testing'
import { WebSocket } from 'ws'
import type { Network } from './network.ts'
import { Tunnel } from './tunnel.ts'
import type { Weather } from './weather.ts'
import { calm } from './weather.ts'

/**
 * Ports below the ephemeral range, so that no other process takes one while it is closed. Each process
 * begins elsewhere, and uses no port twice.
 */
const [FIRST_PORT, PORTS, PORTS_PER_PROCESS] = [12_000, 20_000, 200]

/** A TCP proxy on loopback, between clients over `ws` and a listening server. */
export class TcpProxy implements Network {
  static #ports = 0
  readonly clock: Clock
  readonly transport = webSocketTransport(WebSocket)
  readonly weather: Weather = { ...calm }
  readonly #random: Random
  readonly #tunnels = new Set<Tunnel>()
  /** Silences that apply to new connections, too. */
  readonly #silences = new Set<(tunnel: Tunnel) => void>()
  #listener: Server | undefined
  #port = 0
  #target = 0

  private constructor(clock: Clock, random: Random) {
    this.clock = clock
    this.#random = random
  }

  /** Opens a proxy on a free port. */
  static async open(clock: Clock, random: Random): Promise<TcpProxy> {
    const proxy = new TcpProxy(clock, random)
    for (let tries = 0; tries < PORTS_PER_PROCESS; tries++) {
      const offset = process.pid * PORTS_PER_PROCESS + TcpProxy.#ports++
      proxy.#port = FIRST_PORT + (offset % PORTS)
      if (await proxy.#tryListen()) return proxy
    }
    throw new Error('There is no free port for a proxy.')
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`
  }

  async serve(server: RealtimeServer): Promise<void> {
    this.#target = (await server.listen()).port
  }

  async stop(server: RealtimeServer, code: number): Promise<void> {
    await server.close({ code })
  }

  async drain(server: RealtimeServer, ms: number): Promise<void> {
    await server.drain({ deadlineMs: ms, windowMs: ms / 2 })
  }

  async listen(listening: boolean): Promise<void> {
    if (!listening) {
      this.#listener?.close()
      this.#listener = undefined
    } else if (!this.#listener && !(await this.#tryListen())) {
      throw new Error(`The port ${this.#port} is in use by another process.`)
    }
  }

  reset(): void {
    for (const tunnel of this.#takeAll()) tunnel.reset()
  }

  finish(): void {
    for (const tunnel of this.#takeAll()) tunnel.finish()
  }

  silence(way: Way, future: boolean): () => void {
    const releases: (() => void)[] = []
    const silence = (tunnel: Tunnel): void => {
      if (way !== 'to-client') releases.push(tunnel.toServer.hold())
      if (way !== 'to-server') releases.push(tunnel.toClient.hold())
    }
    for (const tunnel of this.#tunnels) silence(tunnel)
    if (future) this.#silences.add(silence)
    return () => {
      this.#silences.delete(silence)
      for (const release of releases) release()
    }
  }

  async close(): Promise<void> {
    await this.listen(false)
    this.reset()
  }

  #takeAll(): readonly Tunnel[] {
    const tunnels = [...this.#tunnels]
    this.#tunnels.clear()
    return tunnels
  }

  async #tryListen(): Promise<boolean> {
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
    const listening = await new Promise<boolean>((resolve) => {
      listener.once('error', () => resolve(false))
      listener.listen(this.#port, '127.0.0.1', () => resolve(true))
    })
    if (listening) this.#listener = listener
    return listening
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const { clock, weather } = this
    const tunnel = new Tunnel({ clock, weather, random: this.#random, client, server })
    this.#tunnels.add(tunnel)
    for (const silence of this.#silences) silence(tunnel)
    let open = 2
    const closed = (): void => {
      if (--open === 0) this.#tunnels.delete(tunnel)
    }
    client.on('close', closed)
    server.on('close', closed)
  }
}
