import type { MountHost, RealtimeServer, UpgradeRequest } from 'wirefold/server'
import { nativeMount } from 'wirefold/server'
import type { FarEnd, Random, Way } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import type { Open } from './cable.ts'
import { Cable, RESTARTING } from './cable.ts'
import type { VirtualClock } from './clocks.ts'
import { sleep } from './clocks.ts'
import type { Network } from './network.ts'
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
  readonly weather: Weather
  readonly #cables = new Set<Cable>()
  #open: Open | undefined

  constructor(clock: VirtualClock, random: Random) {
    this.clock = clock
    this.transport = new MemoryPair({
      clock,
      autoAccept: false,
      seed: random.below(2 ** 31),
      onConnect: (far) => this.#connect(far),
    })
    this.weather = Object.assign(this.transport.weather, { ...calm, leastMs: 1, mostMs: 2 })
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
    this.#cables.clear()
    this.transport.cut()
  }

  finish(): void {
    for (const cable of this.#takeAll()) cable.finish()
  }

  silence(way: Way, future: boolean): () => void {
    return this.transport.hold(way, future)
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
    if (!this.#open) throw new Error('There is no server on this network.')
    this.#cables.add(new Cable(this.clock, far, this.#open))
  }
}
