import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import type { FarEnd, ManualClock } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import { asFields, asString, type Fields } from '../../src/protocol/fields.ts'

interface Connection {
  readonly id: string
  readonly end: FarEnd
  /** Undefined where the address has no token. */
  readonly name: string | undefined
  readonly channels: Set<string>
  /** Every resource that this connection has ever joined. */
  readonly joined: Set<string>
}

interface Entry {
  readonly connection: Connection
  readonly fields: Fields
  lastSeen: number
}

/** Handles a request; the message of a thrown error is the error code of the reply. */
type Handler = (payload: Fields, userId: string) => unknown

/**
 * An in-memory model of the backend that the entity dialect is for. It stores one presence entry per
 * user, of the newest connection; sends the member list only to the connection that joins, without a
 * request id; unsubscribes a connection that leaves; carries out a repeated subscribe again; remembers
 * nothing of a closed connection; and removes silent members only in `sweep()`.
 *
 * A token is a name, `ines`; its user is `u-ines`.
 */
export class EntityBackend {
  readonly pair: MemoryPair
  /** Every message received so far, with the name of its sender. */
  readonly received: (Fields & { readonly by: string | undefined })[] = []
  readonly handlers: Record<string, Handler> = {}
  readonly forbidden = new Set<string>()
  most = 50
  /** Fields of a user: `{userId, userName, lastSeen: ISO}`, or `{id, name, lastSeen: ms}`. */
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

  /** Returns the received messages of one type. */
  all(type: string): readonly Fields[] {
    return this.received.filter((message) => message.type === type)
  }

  /** Sends a message to every subscriber of a channel. */
  broadcast(channel: string, type: string, payload: unknown): void {
    for (const { channels, end } of [...this.#connections]) {
      if (channels.has(channel)) this.#send(end, { type, channel, payload })
    }
  }

  /** Broadcasts a change of a task: a created one on one channel, any other on two. */
  changed(kind: 'created' | 'updated' | 'deleted', id: string, data: unknown, by: string): void {
    const payload = { id, entityName: 'Task', data, userId: by }
    this.broadcast('entity:Task', `entity:${kind}`, payload)
    if (kind !== 'created') this.broadcast(`entity:Task:${id}`, `entity:${kind}`, payload)
  }

  /** Removes the members that sent no heartbeat for 30 s. */
  sweep(): void {
    for (const [resource, entries] of this.#entries) {
      for (const [userId, { lastSeen }] of entries) {
        if (this.#clock.wall() - lastSeen > 30_000) this.#leave(resource, userId)
      }
    }
  }

  /** Drops every connection, as a crash does. */
  dropAll(): void {
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
      this.received.push({ ...message, by: name })
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

  /** Subscribes; a repeated subscription counts against the limit, too. */
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
    this.broadcast(channel, 'presence:join', this.#member(entry))
    this.#subscribe(connection, channel)
    const users = [...entries.values()].map((one) => this.#member(one))
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

  #member({ fields, lastSeen }: Entry): Fields {
    if (this.shape === 'long') return { ...fields, lastSeen: new Date(lastSeen).toISOString() }
    return { id: fields.userId, name: fields.userName, meta: fields.metadata, lastSeen }
  }
}

/** One tab of a user of such a backend; collects what is emitted as `error`. */
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
