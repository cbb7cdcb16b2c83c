import type { ClientOptions, Clock, Subscription } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed, isWirefoldError, RealtimeClient } from 'wirefold'
import type { Random } from 'wirefold/testing'
import { asFields, asNumber } from '../../src/protocol/fields.ts'
import { CHANNELS, MUTATIONS } from './backend.ts'
import type { Network } from './network.ts'
import type { ChannelEntry, ClientRecord, Mutation } from './verdict.ts'

/** Time between two mutations, in milliseconds. */
const MUTATE_MS = 500
/** Timeout of mutations, longer than any fault and shorter than the server stores replies. */
const PATIENCE_MS = 90_000
/** Simulated time to fetch the state after a gap, in milliseconds. */
const LOAD_MS = 200
/** Upper bound of the mutations of one client. */
const NUMBERS = 100_000

interface Tick {
  readonly kind: 'Tick'
  readonly channel: string
  readonly n: number
}

/** Dependencies of a participant. */
export interface ParticipantParts {
  readonly network: Network
  readonly random: Random
  /** Index of the participant, from which its mutations are numbered. */
  readonly index: number
  readonly options: ClientOptions
}

/** One active client: it subscribes to three channels, folds their events, and sends numbered mutations. */
export class Participant {
  readonly #entries = new Map<string, ChannelEntry[]>(CHANNELS.map((channel) => [channel, []]))
  readonly #mutations: Mutation[] = []
  readonly #turns: { readonly at: number; readonly up: boolean }[] = []
  /** Times of its attempts to connect. */
  readonly attempts: number[] = []
  readonly #errors: unknown[] = []
  #foreign = 0
  readonly client: RealtimeClient
  readonly #clock: Clock
  readonly #first: number
  readonly #subscriptions: Subscription[]
  readonly #contexts = new ContextRegistry<Tick>().reduce('Tick', {
    initial: 0,
    key: ({ channel }) => channel,
    apply: (count) => count + 1,
  })
  #up = false

  constructor({ network, random, index, options }: ParticipantParts) {
    const { transport } = network
    this.#clock = network.clock
    this.#first = index * NUMBERS
    this.client = new RealtimeClient(network.url, {
      clock: network.clock,
      random: () => random.below(1_000_000) / 1_000_000,
      transport: {
        name: transport.name,
        open: (...how) => {
          this.attempts.push(network.clock.now())
          return transport.open(...how)
        },
      },
      ...options,
    })
    this.client.on('error', (error) => this.#errors.push(error))
    const channels = new ChannelSubscriber(this.client)
    for (const name of CHANNELS) feed(channels, name, this.#contexts)
    this.#subscriptions = CHANNELS.map((name) => this.#follow(channels, name))
    this.client.state.listen(() => this.#look())
  }

  /** Resolves once every channel is live. */
  async ready(): Promise<void> {
    await Promise.all(this.#subscriptions.map(({ ready }) => ready))
  }

  /** True while it is open and every channel is live or caught up. */
  get up(): boolean {
    return this.#up
  }

  /** True once every mutation has an outcome. */
  get settled(): boolean {
    return this.#mutations.every(({ outcome }) => outcome !== 'pending')
  }

  /** Returns the record of the client. */
  record(): ClientRecord {
    return {
      entries: this.#entries,
      folded: (channel) => this.#contexts.entity('Tick', channel).get() ?? 0,
      mutations: this.#mutations,
      reconnects: this.client.stats().reconnects,
      turns: this.#turns,
      foreign: this.#foreign,
      up: this.#up,
      errors: this.#errors,
    }
  }

  /** Sends mutations one after the other, until the returned function is called. */
  mutate(): () => void {
    let active = true
    const next = (): void => {
      if (!active) return
      this.#mutate()
      this.#clock.after(MUTATE_MS, next)
    }
    next()
    return () => {
      active = false
    }
  }

  #mutate(): void {
    const n = this.#first + this.#mutations.length + 1
    const mutation: Mutation = { n, outcome: 'pending' }
    this.#mutations.push(mutation)
    const patience = { timeoutMs: PATIENCE_MS, ttlMs: PATIENCE_MS }
    const answer: Promise<unknown> =
      n % 4 === 0
        ? this.client.publish(MUTATIONS, 'made', { n }, patience)
        : this.client.request('apply', { n }, patience)
    answer.then(
      () => {
        mutation.outcome = 'done'
      },
      (error: unknown) => {
        mutation.outcome = { code: isWirefoldError(error) ? error.code : String(error) }
      },
    )
  }

  #follow(channels: ChannelSubscriber, name: string): Subscription {
    const entries = this.#entries.get(name) ?? []
    const subscription = channels.subscribe(name, (payload) => {
      const { kind, channel, n } = asFields(payload)
      const number = kind === 'Tick' && channel === name ? asNumber(n) : undefined
      if (number === undefined) this.#foreign++
      else entries.push({ at: this.#clock.now(), n: number })
    })
    let before = ''
    subscription.status.listen((status) => {
      if (status.name === 'gap' && before !== 'gap') {
        entries.push({ at: this.#clock.now(), gap: true })
        this.#clock.after(LOAD_MS, () => subscription.caughtUp())
      }
      before = status.name
      this.#look()
    })
    return subscription
  }

  #look(): void {
    const working = this.#subscriptions.every(({ status }) =>
      ['live', 'gap'].includes(status.get().name),
    )
    const up = working && this.client.state.get().name === 'open'
    if (up === this.#up) return
    this.#up = up
    this.#turns.push({ at: this.#clock.now(), up })
  }
}
