import type { MountHost, RealtimeServer, UpgradeRequest } from 'wirefold/server'
import { nativeMount } from 'wirefold/server'
import type { FarEnd } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import type { Random } from '../malformed-input/random.ts'
import type { Open } from './cable.ts'
import { Cable, RESTARTING } from './cable.ts'
import type { VirtualClock } from './clocks.ts'
import { sleep } from './clocks.ts'
import type { Network, Silence } from './network.ts'
import type { Weather } from './weather.ts'
import { calm } from './weather.ts'

const REQUEST: UpgradeRequest = {
  headers: {},
  url: '/ws',
  query: new URLSearchParams(),
  params: new Map(),
}

/** Connections in memory in virtual time, between clients and the sessions of the real server. */
export class VirtualNetwork implements Network {
  readonly url = 'ws://virtual/ws'
  readonly clock: VirtualClock
  readonly transport: MemoryPair
  readonly weather: Weather = { ...calm, least: 1, most: 2 }
  readonly #random: Random
  readonly #cables = new Set<Cable>()
  readonly #silences = new Set<(cable: Cable) => void>()
  #open: Open | undefined

  constructor(clock: VirtualClock, random: Random) {
    this.clock = clock
    this.#random = random
    this.transport = new MemoryPair({
      clock,
      autoAccept: false,
      onConnect: (far) => this.#connect(far),
    })
  }

  async serve(server: RealtimeServer): Promise<void> {
    const native = nativeMount()
    server.mount('/ws', {
      protocols: native.protocols,
      mounted: (host: MountHost) => {
        native.mounted?.(host)
        this.#open = (socket) => native.open(socket, REQUEST, host)
      },
      open: (socket, request, host) => native.open(socket, request, host),
    })
  }

  async stop(server: RealtimeServer, code: number): Promise<void> {
    for (const cable of this.#takeAll()) cable.dismiss({ code, reason: '' })
    await server.close({ code })
  }

  async drain(server: RealtimeServer, ms: number): Promise<void> {
    const leaving = [...this.#cables]
    const notice = { kind: 'goaway', deadlineMs: ms, windowMs: ms / 2, reason: '' } as const
    for (const cable of leaving) cable.drain(notice)
    await sleep(this.clock, ms)
    for (const cable of leaving) cable.dismiss(RESTARTING)
    await server.close()
  }

  async listen(listening: boolean): Promise<void> {
    this.transport.refusing = !listening
  }

  reset(): void {
    for (const cable of this.#takeAll()) cable.reset()
  }

  finish(): void {
    for (const cable of this.#takeAll()) cable.finish()
  }

  silence(ways: Silence, future: boolean): () => void {
    const releases: (() => void)[] = []
    const silence = (cable: Cable): void => {
      if (ways !== 'to-client') releases.push(cable.toServer.hold())
      if (ways !== 'to-server') releases.push(cable.toClient.hold())
    }
    for (const cable of this.#cables) silence(cable)
    if (future) this.#silences.add(silence)
    return () => {
      this.#silences.delete(silence)
      for (const release of releases) release()
    }
  }

  async close(): Promise<void> {
    this.reset()
  }

  #takeAll(): readonly Cable[] {
    const cables = [...this.#cables]
    this.#cables.clear()
    return cables
  }

  #connect(far: FarEnd): void {
    const { clock, weather } = this
    const open: Open = (socket) => {
      if (!this.#open) throw new Error('There is no server on this network.')
      return this.#open(socket)
    }
    const cable = new Cable({ clock, weather, random: this.#random, far, open })
    this.#cables.add(cable)
    for (const silence of this.#silences) silence(cable)
    cable.begin()
  }
}
