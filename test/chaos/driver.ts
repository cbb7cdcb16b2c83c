import type { Way } from 'wirefold/testing'
import type { Backend } from './backend.ts'
import { sleep } from './clocks.ts'
import type { Fault } from './fault.ts'
import type { Network } from './network.ts'
import type { Weather } from './weather.ts'

/** A period of time. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Plays a schedule of faults on a network and its servers. */
export class Driver {
  /** Periods in which no client could connect. */
  readonly blockades: Span[] = []
  /** Periods in which connections were silent. */
  readonly silences: Span[] = []
  /** Periods in which a server announced a reconnect window, so that clients wait by its order. */
  readonly announced: Span[] = []
  readonly #network: Network
  readonly #backend: Backend
  readonly #usual: Readonly<Weather>
  /** Active changes of the weather, which may overlap. */
  readonly #changes = new Set<Partial<Weather>>()

  constructor(network: Network, backend: Backend) {
    this.#network = network
    this.#backend = backend
    this.#usual = { ...network.weather }
  }

  /** Plays all faults; resolves once the last one is over. */
  async play(faults: readonly Fault[]): Promise<void> {
    const { clock } = this.#network
    const start = clock.now()
    const played = faults.map(async (fault) => {
      await sleep(clock, start + fault.at - clock.now())
      await this.#play(fault)
    })
    await Promise.all(played)
  }

  async #play(fault: Fault): Promise<void> {
    switch (fault.name) {
      case 'rst':
        this.#network.reset()
        return
      case 'fin':
        this.#network.finish()
        return
      case 'half-open':
        this.#network.silence('both', false)
        this.silences.push({ from: this.#network.clock.now(), to: Number.POSITIVE_INFINITY })
        return
      case 'deaf':
        return this.#quiet('to-client', fault.ms)
      case 'mute':
        return this.#quiet('to-server', fault.ms)
      case 'outage':
        await this.#block(() => this.#quiet('both', fault.ms, true))
        return
      case 'slow':
        return this.#weather(fault.ms, { leastMs: fault.least, mostMs: fault.most })
      case 'throttle':
        return this.#weather(fault.ms, { bytesPerSecond: fault.bytesPerSecond })
      case 'shreds':
        return this.#weather(fault.ms, { shreds: true })
      case 'bursts':
        return this.#weather(fault.ms, { burstMs: 250 })
      case 'corrupt':
        return this.#weather(fault.ms, { flipEvery: fault.every })
      case 'refuse':
        await this.#block(() => this.#refuse(fault.ms))
        return
      case 'restart':
        return this.#restart(fault)
    }
  }

  async #restart(fault: Extract<Fault, { name: 'restart' }>): Promise<void> {
    // Clients can connect throughout, since the successor is already running.
    if (fault.how === 'drained') return this.#backend.restart(fault)
    const span = await this.#block(() => this.#backend.restart(fault))
    if (fault.how === 'closed') this.announced.push(span)
  }

  async #refuse(ms: number): Promise<void> {
    await this.#network.listen(false)
    this.#network.reset()
    await sleep(this.#network.clock, ms)
    await this.#network.listen(true)
  }

  async #quiet(way: Way, ms: number, future = false): Promise<void> {
    const { clock } = this.#network
    const from = clock.now()
    const release = this.#network.silence(way, future)
    this.silences.push({ from, to: from + ms })
    await sleep(clock, ms)
    release()
  }

  async #weather(ms: number, change: Partial<Weather>): Promise<void> {
    this.#changes.add(change)
    this.#forecast()
    await sleep(this.#network.clock, ms)
    this.#changes.delete(change)
    this.#forecast()
  }

  #forecast(): void {
    Object.assign(this.#network.weather, this.#usual, ...this.#changes)
  }

  async #block(run: () => Promise<void>): Promise<Span> {
    const { clock } = this.#network
    const from = clock.now()
    await run()
    const span = { from, to: clock.now() }
    this.blockades.push(span)
    return span
  }
}
