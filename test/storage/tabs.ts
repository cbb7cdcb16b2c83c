import type { ClientOptions, Clock, SettledRequest } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { OutboxDatabase } from 'wirefold/indexeddb'
import { storedOutbox } from 'wirefold/indexeddb'
import { ManualClock, MemoryOutboxDatabase, ScriptedServer } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'

/** Time for which the server stores its replies, in milliseconds. */
export const DEDUPE_MS = 600_000

/** A page with a client, which can crash. */
export interface Tab {
  readonly client: RealtimeClient
  /** Outcomes of requests without a waiting caller, as emitted by the client. */
  readonly settled: SettledRequest[]
  readonly errors: unknown[]
  /** Ends the page like a crash: nothing that it began continues. */
  kill(): void
  /** Emits an event of the page's environment. */
  happen(event: 'hide' | 'show'): void
}

/**
 * Tabs with one database, and one server that carries out each request once.
 *
 * @param carryOut carries out a request, and returns the payload of the reply
 */
export function tabs(
  database: OutboxDatabase = new MemoryOutboxDatabase(),
  carryOut: (type: string, payload: unknown, message: Fields) => unknown = (type) => type,
) {
  const clock = new ManualClock()
  /** Number of times that each request was carried out, by its id. */
  const applied = new Map<string, number>()
  /** The types of the requests carried out, in order. */
  const log: string[] = []
  const remembered = new Map<string, { readonly at: number; readonly reply: unknown }>()
  /** Whether the server replies to the requests that it carries out. */
  const behaviour = { answers: true }
  const answer = (type: string, payload: unknown, message: Fields): unknown => {
    const id = String(message.requestId)
    let known = remembered.get(id)
    if (known === undefined || clock.now() - known.at >= DEDUPE_MS) {
      applied.set(id, (applied.get(id) ?? 0) + 1)
      log.push(type)
      known = { at: clock.now(), reply: carryOut(type, payload, message) }
      remembered.set(id, known)
    }
    return behaviour.answers ? known.reply : undefined
  }
  const server = new ScriptedServer({ clock, answer })
  server.welcome = { limits: { dedupeMs: DEDUPE_MS } }

  function open(options: ClientOptions = {}): Tab {
    const life = { alive: true }
    const followers = new Set<(event: 'hide' | 'show') => void>()
    const client = new RealtimeClient('ws://test/', {
      transport: mortalTransport(server.transport, life),
      clock: mortalClock(clock, life),
      random: () => 0.5,
      environment: {
        online: true,
        debug: '',
        follow(listener) {
          followers.add(listener)
          return () => followers.delete(listener)
        },
      },
      ...options,
      outbox: { storage: storedOutbox(mortalDatabase(database, life)), ...options.outbox },
    })
    const settled: SettledRequest[] = []
    const errors: unknown[] = []
    client.on('settled', (outcome) => life.alive && settled.push(outcome))
    client.on('error', (error) => errors.push(error))
    return {
      client,
      settled,
      errors,
      kill() {
        life.alive = false
      },
      happen(event) {
        for (const listener of followers) listener(event)
      },
    }
  }
  return { clock, server, database, applied, log, behaviour, open }
}

interface Life {
  alive: boolean
}

function mortalClock(clock: ManualClock, life: Life): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, run) => clock.after(ms, () => life.alive && run()),
  }
}

function mortalTransport(transport: TransportFactory, life: Life): TransportFactory {
  return {
    name: transport.name,
    open(url, protocols, handlers) {
      const socket = transport.open(url, protocols, {
        opened: () => (life.alive ? handlers.opened() : socket.close(1001)),
        message: (data) => life.alive && handlers.message(data),
        closed: (info) => life.alive && handlers.closed(info),
      })
      return {
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send: (data) => life.alive && socket.send(data),
        close: (code, reason) => life.alive && socket.close(code, reason),
      }
    },
  }
}

/** A database whose calls have no effect and never settle once the tab is dead. */
function mortalDatabase(database: OutboxDatabase, life: Life): OutboxDatabase {
  const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!life.alive) return new Promise<T>(() => {})
    const value = await work()
    return life.alive ? value : new Promise<T>(() => {})
  }
  return {
    identify: (senderId) => whileAlive(() => database.identify(senderId)),
    remember: (userId) => whileAlive(() => database.remember(userId)),
    put: (request, until) => whileAlive(() => database.put(request, until)),
    claim: (claim) => whileAlive(() => database.claim(claim)),
    mark: (mark) => whileAlive(() => database.mark(mark)),
    renew: (owner, until) => whileAlive(() => database.renew(owner, until)),
    release: (owner) => whileAlive(() => database.release(owner)),
    delete: (requestId) => whileAlive(() => database.delete(requestId)),
  }
}
