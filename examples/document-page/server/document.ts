import type { Server } from 'node:http'
import type { RealtimeServer, RequestContext, User } from 'wirefold/server'
import { createRealtimeServer, MemoryBroker, refuse } from 'wirefold/server'
import type { Overview } from '../shared.ts'
import { DOCUMENT_PATH, PARAGRAPHS } from '../shared.ts'
import { Paragraphs } from './paragraphs.ts'

/** Duration of a restart, in milliseconds. */
const RESTART_MS = 1_000

/** Time over which the clients spread their reconnects after it, in milliseconds. */
const SPREAD_MS = 500

/** Time for which a person without a connection stays present, in milliseconds. */
const GRACE_MS = 4_000

/** Interval at which panels send heartbeats, in milliseconds: short, to measure the round trip. */
const HEARTBEAT_MS = 1_000

/** The document, and the realtime server through which panels read and edit it. */
export class DocumentServer {
  readonly #http: Server
  /** Both survive a restart, as a database and Redis would. */
  readonly #paragraphs = new Paragraphs()
  readonly #broker = new MemoryBroker()
  /** The panels whose next edit is refused. */
  readonly #rejecting = new Set<string>()
  #server: RealtimeServer | undefined
  #restart: NodeJS.Timeout | undefined

  constructor(http: Server) {
    this.#http = http
    this.#open()
  }

  /** Whether the server is running at this moment. */
  get isUp(): boolean {
    return this.#server !== undefined
  }

  /** The document's process and its number of edits, independent of what any client has received. */
  get overview(): Pick<Overview, 'run' | 'edits'> {
    const { run, edits } = this.#paragraphs
    return { run, edits }
  }

  /** Refuses the next edit of a panel, or not. */
  rejectNext(page: string, reject: boolean): void {
    if (reject) this.#rejecting.add(page)
    else this.#rejecting.delete(page)
  }

  /** Whether the next edit of a panel is refused. */
  isRejecting(page: string): boolean {
    return this.#rejecting.has(page)
  }

  /** Closes the server, as for a deployment, and starts another one a little later. */
  async restart(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    this.#restart = setTimeout(() => this.#open(), RESTART_MS)
    // The clients read from the reason when to connect again.
    const reason = JSON.stringify({ retryAfterMs: RESTART_MS, windowMs: SPREAD_MS })
    await server.close({ code: 1012, reason })
  }

  /** Closes the server for good. */
  async close(): Promise<void> {
    clearTimeout(this.#restart)
    const server = this.#server
    this.#server = undefined
    await server?.close()
    await this.#broker.close()
  }

  #open(): void {
    const server = createRealtimeServer({
      authenticate: ({ token }) => panel(token),
      authorize: (user, _, action) => user !== null && action !== 'publish',
      // Any origin is safe here: there are no cookies, and the server listens on loopback only.
      origins: '*',
      broker: this.#broker,
      heartbeatMs: HEARTBEAT_MS,
      presence: { graceMs: GRACE_MS },
    })
    server.handle('paragraphs', () => ({ state: this.#paragraphs.all }))
    server.handle('edit', async (payload, { user }: RequestContext) => {
      const by = user?.id ?? ''
      if (this.#rejecting.delete(by)) throw refuse('rejected', 'the switch “Reject” was on')
      const data = this.#paragraphs.edit(payload, by)
      await server.publish(PARAGRAPHS, 'entity:updated', {
        ...{ id: data.id, entityName: 'Paragraph', data, userId: by },
      })
      return data
    })
    server.attach(this.#http, DOCUMENT_PATH)
    this.#server = server
  }
}

/** Returns the user of a panel: its id and name, which are not verified. */
function panel(token = ''): User | undefined {
  const [id, name] = token.split(' ')
  return id && name ? { id, name } : undefined
}
