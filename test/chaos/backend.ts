import type { Clock } from 'wirefold'
import type { Broker, RealtimeServer, RequestHandler } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import type { Random } from 'wirefold/testing'
import { asFields, asNumber } from '../../src/protocol/fields.ts'
import { sleep } from './clocks.ts'
import type { Fault } from './fault.ts'
import type { Network } from './network.ts'

/** The channels of the workload, with frequent, occasional and rare events. */
export const CHANNELS = ['busy', 'calm', 'rare'] as const
/** The channel on which clients publish mutations. */
export const MUTATIONS = 'mutations'
/** Time between two events on any channels, in milliseconds. */
const PUBLISH_MS = 70
/** Upper bound of each of the two waits of the request handler, in milliseconds. */
const HANDLER_MS = 40
/** Padding that makes an event as long as an average one. */
const PAD = 'x'.repeat(60)

/** A mutation that took effect. */
export interface Application {
  readonly n: number
  /** Whether a handler or an event in a history had the effect. */
  readonly by: 'request' | 'publish'
  /** Number of times that the server had lost its memory before. */
  readonly life: number
}

/** Dependencies of a backend. */
export interface BackendParts {
  readonly network: Network
  readonly random: Random
  /** Wraps the request handler. */
  readonly tamper: ((handler: RequestHandler) => RequestHandler) | undefined
  /** Creates the broker of a server without memory. */
  readonly makeBroker: (clock: Clock) => Broker
}

/** The server side of a run: successive servers, the publisher, and a record of their actions. */
export class Backend {
  /** The number of the last event of each channel. */
  readonly published = new Map<string, number>(CHANNELS.map((channel) => [channel, 0]))
  readonly applications: Application[] = []
  /** Times at which the memory was lost. */
  readonly losses: number[] = []
  /** Errors that the servers reported. */
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

  /** Replaces the server as the fault specifies. */
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

  /** Publishes at a steady rate on random channels, until the returned function is called. */
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

  /** Publishes the next event of a channel, unless the publisher is down. */
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

  /** Creates a handler that waits before the effect, and between the effect and the reply. */
  #handler(life: number): RequestHandler {
    const { random } = this.#parts
    const wait = async (): Promise<void> => {
      await sleep(this.#clock, random.below(HANDLER_MS))
      // A killed process has no further effects, and sends no reply.
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
