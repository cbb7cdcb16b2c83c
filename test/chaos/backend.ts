import type { Clock } from 'wirefold'
import type { Broker, RealtimeServer, RequestHandler } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { asFields, asNumber } from '../../src/protocol/fields.ts'
import type { Random } from '../malformed-input/random.ts'
import { sleep } from './clocks.ts'
import type { Fault } from './fault.ts'
import type { Network } from './network.ts'

/** The channels of the workload: one that is never silent, one that is quiet, one almost idle. */
export const CHANNELS = ['busy', 'calm', 'rare'] as const
/** Where clients publish their mutations. */
export const MUTATIONS = 'mutations'
/** From one event to the next, on any channel, in milliseconds. */
const PUBLISH_MS = 70
/** The longest of the two waits of the request handler, in milliseconds. */
const HANDLER_MS = 40
/** As long as an average event. */
const PAD = 'x'.repeat(60)

/** A mutation that took effect. */
export interface Application {
  readonly n: number
  /** Whether the effect was that of a handler, or an event in a history. */
  readonly by: 'request' | 'publish'
  /** How often the server had lost its memory before. */
  readonly life: number
}

/** What a backend is made of. */
export interface BackendParts {
  readonly network: Network
  readonly random: Random
  /** Puts something between the requests and their handler. */
  readonly tamper: ((handler: RequestHandler) => RequestHandler) | undefined
  /** The broker of a server with no memory. */
  readonly makeBroker: (clock: Clock) => Broker
}

/** The server's side of a run: server after server, the process that publishes, and what happened. */
export class Backend {
  /** The number of the last event of each channel. */
  readonly published = new Map<string, number>(CHANNELS.map((channel) => [channel, 0]))
  readonly applications: Application[] = []
  /** When the memory was lost. */
  readonly losses: number[] = []
  /** What the servers reported. */
  readonly errors: unknown[] = []
  readonly #parts: BackendParts
  readonly #clock: Clock
  #broker: Broker
  #server: RealtimeServer | undefined
  #publisher: RealtimeServer | undefined
  #publishing = false
  #life = 0

  constructor(parts: BackendParts) {
    this.#parts = parts
    this.#clock = parts.network.clock
    this.#broker = parts.makeBroker(this.#clock)
  }

  /** Starts the server. */
  async start(): Promise<void> {
    const life = this.#life
    await this.#broker.subscribe(MUTATIONS, {
      event: ({ json = '{}' }) => {
        const n = asNumber(asFields(JSON.parse(json)).n)
        if (n !== undefined) this.applications.push({ n, by: 'publish', life })
      },
      broken() {},
    })
    this.#publisher = this.#makeServer()
    await this.#serve()
  }

  /** Has the server replaced as the fault says. */
  async restart(fault: Extract<Fault, { name: 'restart' }>): Promise<void> {
    const { network } = this.#parts
    const [server, broker] = [this.#server, this.#broker]
    if (fault.how === 'drained' && server) {
      await this.#serve()
      await network.drain(server, fault.ms)
      return
    }
    await network.listen(false)
    if (fault.how === 'killed') network.reset()
    if (fault.memory === 'lost') {
      this.#life++
      this.losses.push(this.#clock.now())
      this.#publisher = undefined
    }
    const stopped = server && network.stop(server, 1012)
    await sleep(this.#clock, fault.ms)
    await stopped
    if (fault.memory === 'kept') await this.#serve()
    else {
      await broker.close()
      this.#broker = this.#parts.makeBroker(this.#clock)
      await this.start()
    }
    await network.listen(true)
  }

  /** Publishes at a steady rate, now on this channel, now on that, until the returned function is called. */
  publish(): () => void {
    const { random } = this.#parts
    this.#publishing = true
    const next = (): void => {
      if (!this.#publishing) return
      const chance = random.below(60)
      void this.publishOn(chance === 0 ? 'rare' : chance < 8 ? 'calm' : 'busy')
      this.#clock.after(PUBLISH_MS, next)
    }
    next()
    return () => {
      this.#publishing = false
    }
  }

  /** Publishes the next event of a channel, unless the process that does so is down. */
  async publishOn(channel: string): Promise<void> {
    if (!this.#publisher) return
    const n = (this.published.get(channel) ?? 0) + 1
    this.published.set(channel, n)
    await this.#publisher.publish(channel, 'tick', { kind: 'Tick', channel, n, pad: PAD })
  }

  /** Stops everything. */
  async close(): Promise<void> {
    this.#publishing = false
    if (this.#server) await this.#parts.network.stop(this.#server, 1001)
    await this.#publisher?.close()
    await this.#broker.close()
  }

  async #serve(): Promise<void> {
    const { network, tamper } = this.#parts
    const server = this.#makeServer()
    const handler = this.#handler(this.#life)
    server.handle('apply', tamper ? tamper(handler) : handler)
    this.#server = server
    await network.serve(server)
  }

  /** Takes a while before the effect, and between the effect and the answer. */
  #handler(life: number): RequestHandler {
    const { random } = this.#parts
    const wait = async (): Promise<void> => {
      await sleep(this.#clock, random.below(HANDLER_MS))
      // A process that was killed does nothing more, and says nothing.
      if (life !== this.#life) await new Promise(() => {})
    }
    return async (payload) => {
      const n = asNumber(asFields(payload).n) ?? Number.NaN
      await wait()
      this.applications.push({ n, by: 'request', life })
      await wait()
      return { n }
    }
  }

  #makeServer(): RealtimeServer {
    return createRealtimeServer({
      authorize: () => true,
      broker: this.#broker,
      clock: this.#clock,
      onError: (error) => this.errors.push(error),
    })
  }
}
