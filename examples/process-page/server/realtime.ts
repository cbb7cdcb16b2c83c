import type { Server } from 'node:http'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer, type DuuiMount, duuiMount } from 'wirefold/server'
import type { CurrentProcess, Figures } from '../shared.ts'
import { MACHINE, PROCESSES } from '../shared.ts'
import { NewestTimeline } from './newest-timeline.ts'

/** How long a restart takes, in milliseconds. */
const RESTART_MS = 2_000

/** What the page may ask for. */
export interface Answers {
  /** The process that runs now. */
  processId(): string
  /** The machine's last minute. */
  figures(): readonly Figures[]
}

/**
 * The demo's realtime server: the page's own path, and beside it that of a DUUI gateway. Both lead
 * to the same channels, so that an envelope that is published once reaches the listeners of both.
 */
export class Realtime {
  readonly #http: Server
  readonly #answers: Answers
  /**
   * Like a database, this outlives a restart. The histories of the channels do not: the pages are
   * told that there is a gap, and fetch the timeline again.
   */
  readonly #timeline = new NewestTimeline()
  #up: { readonly server: RealtimeServer; readonly gateway: DuuiMount } | undefined
  #restart: NodeJS.Timeout | undefined

  constructor(http: Server, answers: Answers) {
    this.#http = http
    this.#answers = answers
    this.#open()
  }

  /** Whether it is there at this moment. */
  get isUp(): boolean {
    return this.#up !== undefined
  }

  /** Stores an envelope and tells it; while the server is away it is only stored. */
  async happened(envelope: DUUIEnvelope): Promise<void> {
    if (this.#up) await this.#up.gateway.publish(envelope)
    else this.#timeline.append(envelope)
  }

  /** Tells that another process runs now. */
  async started(id: string): Promise<void> {
    const current: CurrentProcess = { id }
    await this.#up?.server.publish(PROCESSES, 'process:started', current)
  }

  /** Tells how the machine is doing. */
  async measured(figures: Figures): Promise<void> {
    await this.#up?.server.publish(MACHINE, 'machine:figures', figures)
  }

  /** Goes away, as for a deployment, and comes back a little later. */
  async restart(): Promise<void> {
    const up = this.#up
    if (!up) return
    this.#up = undefined
    this.#restart = setTimeout(() => this.#open(), RESTART_MS)
    await up.server.close({ code: 1012, reason: 'restarting' })
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    clearTimeout(this.#restart)
    const up = this.#up
    this.#up = undefined
    await up?.server.close()
  }

  #open(): void {
    // Whose page it is does not matter: there are no cookies, and only this machine is listened to.
    const server = createRealtimeServer({ origins: '*' })
    const gateway = duuiMount({ store: this.#timeline, snapshot: true })
    server.mount('/ws/processes/:id/events', gateway)
    server.handle('process:current', (): CurrentProcess => ({ id: this.#answers.processId() }))
    server.handle('process:timeline', (payload) => gateway.timeline((payload as CurrentProcess).id))
    server.handle('machine:past', () => this.#answers.figures())
    server.attach(this.#http, '/realtime')
    this.#up = { server, gateway }
  }
}
