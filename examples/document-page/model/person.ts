import type { ChannelStatus, EntityApi } from 'wirefold'
import {
  ChannelSubscriber,
  createStore,
  isWirefoldError,
  PresenceManager,
  RealtimeClient,
} from 'wirefold'
import { pageId, socketUrl } from '../../page/server-address.ts'
import type { Change, Paragraph } from '../shared.ts'
import { DOCUMENT_PATH, PARAGRAPHS } from '../shared.ts'
import type { edited } from './edited.ts'
import { NetworkSwitches } from './network.ts'
import { Tally } from './tally.ts'
import { Timeline } from './timeline.ts'

/** Times for a page on which connections are broken on purpose, in milliseconds. */
const BACKOFF = { initialMs: 500, maxMs: 2_000 }
const HEARTBEAT = { intervalMs: 1_000, timeoutMs: 3_000 }
/** All that is written in ten minutes without a connection is kept. */
const OUTBOX = { limit: 10_000, ttlMs: 600_000 }
/** Time limit for the reply to an edit that was sent, in milliseconds. */
const REPLY_MS = 60_000

/** One of the two people: a client of their own, its channels, and what their panel shows. */
export class Person {
  readonly name: string
  /** Identifies the panel at the server. */
  readonly id: string
  readonly client: RealtimeClient
  readonly channels: ChannelSubscriber
  readonly presence: PresenceManager
  /** The faults of this person's network. */
  readonly network: NetworkSwitches
  /** State of the connection, round trip and throughput of the last minute. */
  readonly timeline: Timeline
  /** The requests that the changes of the list send. */
  readonly api: EntityApi
  /** Status of the paragraphs' channel. */
  readonly status = createStore<ChannelStatus>({ name: 'pending' })
  /** Why the server has refused edits since this person wrote last; empty if it has not. */
  readonly refusal = createStore('')
  readonly #tally: Tally
  readonly counts
  /** The server's time at which the present connection was opened. */
  #openedAt = 0

  constructor(name: string) {
    const id = `${name.toLowerCase()}-${pageId}`
    this.name = name
    this.id = id
    this.client = new RealtimeClient(socketUrl(DOCUMENT_PATH, id), {
      auth: () => `${id} ${name}`,
      ...{ backoff: BACKOFF, heartbeat: HEARTBEAT, outbox: OUTBOX },
    })
    this.channels = new ChannelSubscriber(this.client)
    this.presence = new PresenceManager(this.channels, { throttleMs: 100 })
    this.network = new NetworkSwitches(id, this.client)
    this.timeline = new Timeline(this.client)
    this.#tally = new Tally(id)
    this.counts = createStore(this.#tally.counts)
    this.api = {
      create: () => Promise.reject(new TypeError('The document has a fixed number of paragraphs.')),
      update: (_, id, changes, { request }) => {
        const own = this.#tally.send()
        this.refusal.set('')
        this.#count()
        const { before, text, edit } = changes as ReturnType<typeof edited>
        const change: Change = { before, text, seen: edit.number, own }
        return request('edit', { ...change, id }, { timeoutMs: REPLY_MS }).catch(
          (error: unknown) => {
            this.#refused(own, error)
            throw error
          },
        )
      },
      delete: () => Promise.reject(new TypeError('The document has a fixed number of paragraphs.')),
    }
  }

  /** Starts to count and to measure; opens the connection. */
  start(): void {
    this.client.on('opened', (welcome) => {
      this.#openedAt = welcome?.serverTime ?? 0
    })
    // What fails is shown where it failed: at the edit, and by the status.
    this.client.on('error', (error) => console.debug(error))
    const subscription = this.channels.subscribe<{ data: Paragraph }>(
      PARAGRAPHS,
      ({ data: { edit } }, { timestamp = 0 }) => {
        this.#tally.arrive(edit, timestamp < this.#openedAt)
        this.timeline.received()
        this.#count()
      },
    )
    subscription.status.subscribe((status) => this.status.set(status))
    this.timeline.start()
  }

  /** Fetches the paragraphs. */
  readonly load = async (signal: AbortSignal) => {
    const loaded = await this.client.request<{ readonly state: readonly Paragraph[] }>(
      'paragraphs',
      undefined,
      { signal },
    )
    const edits = loaded.state.map(({ edit }) => edit)
    this.#tally.start(edits[0]?.run ?? '', Math.max(...edits.map(({ number }) => number)))
    this.#count()
    return loaded
  }

  #refused(own: number, error: unknown): void {
    const refusal = isWirefoldError(error) ? error.detail : undefined
    if (!refusal || !('message' in refusal)) return
    this.#tally.refused(own)
    this.#count()
    // The edits behind it are refused with it: the reason is that of the first.
    this.refusal.set(this.refusal.get() || String(refusal.message))
  }

  #count(): void {
    this.counts.set(this.#tally.counts)
  }
}
