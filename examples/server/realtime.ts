import type { Server } from 'node:http'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer, type DuuiMount, duuiMount } from 'wirefold/server'
import type { CurrentProcess, Figures } from '../process-page/shared.ts'
import { MACHINE, PROCESSES } from '../process-page/shared.ts'
import { NewestTimeline } from './newest-timeline.ts'

/** Duration of a restart, in milliseconds. */
const RESTART_MS = 2_000

/** The state that the page can request. */
export interface RequestableState {
  /** The id of the current process. */
  processId(): string
  /** The machine's figures of the last minute. */
  figures(): readonly Figures[]
}

/**
 * The demo's realtime server, with the page's own path and that of a DUUI gateway. Both have the
 * same channels, so that an envelope that is published once reaches the subscribers of both.
 */
export class Realtime {
  readonly #http: Server
  readonly #state: RequestableState
  /**
   * Survives a restart, like a database. The histories of the channels do not: the clients get a
   * gap, and fetch the timeline again.
   */
  readonly #timeline = new NewestTimeline()
  #up: { readonly server: RealtimeServer; readonly gateway: DuuiMount } | undefined
  #restart: NodeJS.Timeout | undefined

  constructor(http: Server, state: RequestableState) {
    this.#http = http
    this.#state = state
    this.#open()
  }

  /** Whether the server is running at this moment. */
  get isUp(): boolean {
    return this.#up !== undefined
  }

  /** Stores an envelope and publishes it; during a restart it is only stored. */
  async happened(envelope: DUUIEnvelope): Promise<void> {
    if (this.#up) await this.#up.gateway.publish(envelope)
    else this.#timeline.append(envelope)
  }

  /** Publishes the id of the current process. */
  async started(id: string): Promise<void> {
    const current: CurrentProcess = { id }
    await this.#up?.server.publish(PROCESSES, 'process:started', current)
  }

  /** Publishes the machine's figures. */
  async measured(figures: Figures): Promise<void> {
    await this.#up?.server.publish(MACHINE, 'machine:figures', figures)
  }

  /** Closes the server, as for a deployment, and starts it again a little later. */
  async restart(): Promise<void> {
    const up = this.#up
    if (!up) return
    this.#up = undefined
    this.#restart = setTimeout(() => this.#open(), RESTART_MS)
    await up.server.close({ code: 1012, reason: 'restarting' })
  }

  /** Closes the server for good. */
  async close(): Promise<void> {
    clearTimeout(this.#restart)
    const up = this.#up
    this.#up = undefined
    await up?.server.close()
  }

  #open(): void {
    // Any origin is safe here: there are no cookies, and the server listens on loopback only.
    const server = createRealtimeServer({ origins: '*' })
    const gateway = duuiMount({ store: this.#timeline, snapshot: true })
    server.mount('/ws/processes/:id/events', gateway)
    server.handle('process:current', (): CurrentProcess => ({ id: this.#state.processId() }))
    server.handle('process:timeline', (payload) => gateway.timeline((payload as CurrentProcess).id))
    server.handle('machine:past', () => this.#state.figures())
    server.attach(this.#http, '/realtime')
    this.#up = { server, gateway }
  }
}
