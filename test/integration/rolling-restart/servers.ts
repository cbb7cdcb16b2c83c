import { setTimeout as sleep } from 'node:timers/promises'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer, MemoryBroker } from 'wirefold/server'
import { carryOut } from '../../support/commands.ts'
import { sharedNow } from './time.ts'

/* The servers of a rolling restart, in one process since they share a broker in memory. */

const ROOMS = 10
const PUBLISH_PAUSE_MS = 100
/** Duration of a request, so that many are pending when their client moves. */
const HANDLER_MS = 20
/** A timeout long enough that no server closes a slow client. */
const PATIENCE_MS = 180_000

const broker = new MemoryBroker()
const running = new Map<number, RealtimeServer>()
/** Number of times that each request was carried out. */
const applied = new Map<string, number>()
const errors: string[] = []
let published = 0
let publishing: Promise<void> | undefined
let going = true

async function publish(): Promise<void> {
  while (going) {
    published++
    for (let room = 0; room < ROOMS; room++) {
      // The oldest running server, which is the next to stop.
      const [server] = running.values()
      await server?.publish(`room:${room}`, 'number', published)
    }
    await sleep(PUBLISH_PAUSE_MS)
  }
}

const commands = {
  /** Starts another server. */
  async start() {
    const server = createRealtimeServer({
      broker,
      heartbeatMs: PATIENCE_MS,
      helloTimeoutMs: PATIENCE_MS,
      onError: (error) => errors.push(String(error)),
    })
    server.handle('apply', async (payload) => {
      const key = String(payload)
      applied.set(key, (applied.get(key) ?? 0) + 1)
      await sleep(HANDLER_MS)
      return key
    })
    const { port } = await server.listen()
    running.set(port, server)
    return port
  },

  /** Drains a server and closes it. */
  async leave({ port, windowMs }: { readonly port: number; readonly windowMs: number }) {
    const server = running.get(port)
    if (!server) throw new Error(`No server listens at port ${port}.`)
    const had = server.stats().connections
    const from = sharedNow()
    await server.drain({ windowMs, deadlineMs: PATIENCE_MS })
    const left = server.stats().connections
    running.delete(port)
    await server.close()
    return { had, left, from }
  },

  /** Starts to publish numbers to every room. */
  publish() {
    publishing = publish()
  },

  /** Stops publishing, and returns the counts. */
  async finish() {
    going = false
    await publishing
    const repeated = [...applied].filter(([, times]) => times !== 1)
    return { published, applied: applied.size, repeated, errors }
  },
}

/** Commands of the servers. */
export type ServerCommands = typeof commands

carryOut(commands)
