import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import type { FarEnd, ManualClock } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import { asFields, asString, type Fields } from '../../src/protocol/fields.ts'

interface Connection {
  readonly id: string
  readonly end: FarEnd
  /** Nobody in particular where the address has no token. */
  readonly name: string | undefined
  readonly channels: Set<string>
  /** Where it has ever joined. */
  readonly joined: Set<string>
}

interface Entry {
  readonly connection: Connection
  readonly fields: Fields
  lastSeen: number
}

/** Carries out a request; what it throws is a refusal whose code is the message. */
type Handler = (payload: Fields, userId: string) => unknown

/**
 * The plain backend that the entity dialect is for, in memory, with its habits: one presence entry per
 * user, the newest connection's; the list only for who joins, and no request id with its answer; who
 * leaves is unsubscribed; a subscribe that is repeated is carried out again; nothing is remembered of a
 * connection that is gone; who was silent goes only when somebody sweeps.
 *
 * A token is a name, `ines`; its user is `u-ines`.
 */
export class EntityBackend {
  readonly pair: MemoryPair
  /** Every message so far, with who said it. */
  readonly said: (Fields & { readonly by: string | undefined })[] = []
  readonly handlers: Record<string, Handler> = {}
  readonly forbidden = new Set<string>()
  most = 50
  /** How users are told of: `{userId, userName, lastSeen: ISO}`, or `{id, name, lastSeen: ms}`. */
  shape: 'long' | 'short' = 'long'
  readonly #clock: ManualClock
  readonly #connections = new Set<Connection>()
  readonly #entries = new Map<string, Map<string, Entry>>()
  #count = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
    this.pair = new MemoryPair({
      clock,
      autoAccept: false,
      onConnect: (end) => this.#connect(end),
    })
  }

  /** What was said so far of some type. */
  all(type: string): readonly Fields[] {
    return this.said.filter((message) => message.type === type)
  }

  /** Tells whoever subscribed. */
  broadcast(channel: string, type: string, payload: unknown): void {
    for (const { channels, end } of [...this.#connections]) {
      if (channels.has(channel)) this.#send(end, { type, channel, payload })
    }
  }

  /** Tells of a task as the backend's repository does: of a new one on one channel, else on two. */
  changed(kind: 'created' | 'updated' | 'deleted', id: string, data: unknown, by: string): void {
    const payload = { id, entityName: 'Task', data, userId: by }
    this.broadcast('entity:Task', `entity:${kind}`, payload)
    if (kind !== 'created') this.broadcast(`entity:Task:${id}`, `entity:${kind}`, payload)
  }

  /** Has those leave that gave no sign of life for 30 s. */
  sweep(): void {
    for (const [resource, entries] of this.#entries) {
      for (const [userId, { lastSeen }] of entries) {
        if (this.#clock.wall() - lastSeen > 30_000) this.#leave(resource, userId)
      }
    }
  }

  /** Ends every connection, as a crash does. */
  cut(): void {
    for (const { end } of [...this.#connections]) end.close(1006)
  }

  #send(end: FarEnd, message: Fields): void {
    end.send(JSON.stringify({ ...message, timestamp: this.#clock.wall() + 0.25 }))
  }

  #connect(end: FarEnd): void {
    const name = new URL(end.url).searchParams.get('token') ?? undefined
    const id = `c${++this.#count}`
    const connection: Connection = { id, end, name, channels: new Set(), joined: new Set<string>() }
    this.#connections.add(connection)
    end.accept()
    const userId = name === undefined ? null : `u-${name}`
    this.#send(end, { type: 'connected', payload: { connectionId: id, userId } })
    end.onMessage = (text) => {
      const message: Fields = JSON.parse(text)
      this.said.push({ ...message, by: name })
      this.#read(connection, message)
    }
    end.onClose = () => {
      this.#connections.delete(connection)
      for (const [resource, entries] of this.#entries) {
        for (const [user, entry] of entries) {
          if (entry.connection === connection) this.#leave(resource, user)
        }
      }
    }
  }

  #read(connection: Connection, message: Fields): void {
    const { channels, joined, end, name } = connection
    const { requestId } = message
    const type = asString(message.type) ?? ''
    const channel = asString(message.channel) ?? ''
    const payload = asFields(message.payload)
    const resource = asString(payload.resource) ?? ''
    const refuse = (code: string, text = code) =>
      this.#send(end, { type: 'error', requestId, payload: { code, message: text } })
    switch (type) {
      case 'subscribe':
        if (this.forbidden.has(channel)) refuse('FORBIDDEN')
        else this.#subscribe(connection, channel, requestId)
        break
      case 'unsubscribe':
        channels.delete(channel)
        this.#send(end, { type: 'unsubscribed', channel, requestId })
        break
      case 'presence:join':
        if (name === undefined) refuse('UNAUTHENTICATED', 'Must be authenticated for presence')
        else this.#join(connection, name, resource, payload.metadata)
        break
      case 'presence:leave':
        this.#leave(resource, `u-${name}`)
        channels.delete(`presence:${resource}`)
        this.#send(end, { type: 'unsubscribed', channel: `presence:${resource}` })
        break
      case 'presence:heartbeat':
        for (const where of joined) {
          const entry = this.#entries.get(where)?.get(`u-${name}`)
          if (entry) entry.lastSeen = this.#clock.wall()
        }
        break
      case 'ping':
        this.#send(end, { type: 'pong' })
        break
      default: {
        const handle = this.handlers[type]
        if (!handle) refuse('UNKNOWN_MESSAGE_TYPE', `Unknown message type: ${type}`)
        else {
          try {
            this.#send(end, { type, requestId, payload: handle(payload, `u-${name}`) })
          } catch (error) {
            refuse(error instanceof Error ? error.message : 'UNKNOWN')
          }
        }
      }
    }
  }

  /** A channel that is subscribed to already counts against the limit. */
  #subscribe({ channels, end }: Connection, channel: string, requestId?: unknown): void {
    const full = channels.size >= this.most
    if (!full) channels.add(channel)
    const message = `Maximum ${this.most} subscriptions allowed`
    this.#send(
      end,
      full
        ? { type: 'error', requestId, payload: { code: 'SUBSCRIPTION_LIMIT', message } }
        : { type: 'subscribed', channel, requestId },
    )
  }

  #join(connection: Connection, name: string, resource: string, metadata: unknown): void {
    const entries = this.#entries.get(resource) ?? new Map<string, Entry>()
    this.#entries.set(resource, entries)
    const lastSeen = this.#clock.wall()
    const joinedAt = new Date(lastSeen).toISOString()
    const fields = { userId: `u-${name}`, userName: name, resource, joinedAt, metadata }
    const entry = { connection, fields, lastSeen }
    entries.set(fields.userId, entry)
    connection.joined.add(resource)
    const channel = `presence:${resource}`
    this.broadcast(channel, 'presence:join', this.#told(entry))
    this.#subscribe(connection, channel)
    const users = [...entries.values()].map((one) => this.#told(one))
    this.#send(connection.end, { type: 'presence:sync', channel, payload: { users } })
  }

  #leave(resource: string, userId: string): void {
    const entry = this.#entries.get(resource)?.get(userId)
    if (!entry) return
    this.#entries.get(resource)?.delete(userId)
    this.broadcast(`presence:${resource}`, 'presence:leave', this.#named(entry))
  }

  #named({ fields: { userId, userName } }: Entry): Fields {
    return this.shape === 'long' ? { userId, userName } : { id: userId, name: userName }
  }

  #told({ fields, lastSeen }: Entry): Fields {
    if (this.shape === 'long') return { ...fields, lastSeen: new Date(lastSeen).toISOString() }
    return { id: fields.userId, name: fields.userName, meta: fields.metadata, lastSeen }
  }
}

/** One tab of somebody at such a backend; whatever reaches `error` is collected. */
export function tab(
  backend: EntityBackend,
  clock: ManualClock,
  token: string | undefined,
  options: ClientOptions = {},
) {
  const client = new RealtimeClient('ws://test/ws', {
    transport: backend.pair,
    dialect: entity,
    clock,
    random: () => 0.5,
    ...(token === undefined ? {} : { auth: () => token }),
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client)
  return { client, errors, channels, presence: new PresenceManager(channels) }
}
