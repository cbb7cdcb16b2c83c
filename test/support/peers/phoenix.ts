import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields } from '../../../src/protocol/fields.ts'

/** One client's join of a topic. */
export interface PeerJoin {
  readonly topic: string
  readonly joinRef: string
  readonly user: string
  readonly params: Fields
  /** The meta that is tracked for it, with its `phx_ref`. */
  tracked?: { readonly key: string; readonly meta: Fields } | undefined
  /** Sends an event on this join alone. */
  push(event: string, payload: unknown): void
  /** Sends a message as it is. */
  send(message: unknown): void
}

/** An event of a client. */
export interface PeerEvent {
  readonly join: PeerJoin
  readonly event: string
  readonly payload: unknown
  /** Answers it. */
  reply(status: string, response?: unknown): void
}

/** A connection, as the peer sees it. */
export interface PeerConnection {
  /** Takes a message: an array of the protocol, or bytes. */
  receive(message: unknown): void
  closed(): void
}

/** The application behind the protocol. */
export interface PeerChannels {
  /** Returns the response to a join, or the reason of its refusal. */
  join(join: PeerJoin, peer: PhoenixPeer): { readonly ok?: Fields; readonly error?: unknown }
  /** Called after the reply to a join. */
  joined?(join: PeerJoin, peer: PhoenixPeer): void
  receive(event: PeerEvent, peer: PhoenixPeer): void
}

/**
 * A server of Phoenix's protocol 2.0.0, whose behaviour is that of `Phoenix.Socket`: a second join of
 * a topic ends the first, whose `phx_close` follows the reply to the second; a push to a topic that is
 * not joined is refused as "unmatched topic".
 */
export class PhoenixPeer {
  /** All messages received, heartbeats excepted. */
  readonly received: unknown[] = []
  /** Whether heartbeats are answered. */
  answersHeartbeats = true
  readonly #channels: PeerChannels
  readonly #joins = new Set<PeerJoin>()
  #refs = 100

  constructor(channels: PeerChannels) {
    this.#channels = channels
  }

  /** The joins of a topic. */
  joinsOf(topic: string): readonly PeerJoin[] {
    return [...this.#joins].filter((join) => join.topic === topic)
  }

  /** Sends an event to the members of a topic. */
  broadcast(topic: string, event: string, payload: unknown, except?: PeerJoin): void {
    for (const join of this.joinsOf(topic)) {
      if (join !== except) join.send([null, null, topic, event, payload])
    }
  }

  /** Ends the joins of a topic: `phx_error` for a crash, `phx_close` for a normal end. */
  end(topic: string, event: 'phx_error' | 'phx_close'): void {
    for (const join of this.joinsOf(topic)) this.#end(join, event)
  }

  /** The presences of a topic, by key. */
  presences(topic: string): Fields {
    const byKey: Record<string, { metas: Fields[] }> = {}
    for (const { tracked } of this.joinsOf(topic)) {
      if (!tracked) continue
      byKey[tracked.key] ??= { metas: [] }
      byKey[tracked.key]?.metas.push(tracked.meta)
    }
    return byKey
  }

  /** Tracks a presence, or changes its meta. */
  track(join: PeerJoin, key: string, given: Fields): void {
    const former = join.tracked
    const replaced = former && { phx_ref_prev: former.meta.phx_ref }
    const meta = { ...given, phx_ref: `F${++this.#refs}`, ...replaced }
    join.tracked = { key, meta }
    const leaves = former ? { [former.key]: { metas: [former.meta] } } : {}
    this.broadcast(join.topic, 'presence_diff', { joins: { [key]: { metas: [meta] } }, leaves })
  }

  untrack(join: PeerJoin): void {
    const { tracked, topic } = join
    if (!tracked) return
    join.tracked = undefined
    const leaves = { [tracked.key]: { metas: [tracked.meta] } }
    this.broadcast(topic, 'presence_diff', { joins: {}, leaves })
  }

  /** Serves one connection, until its `closed` is called. */
  connect(user: string, send: (message: unknown) => void): PeerConnection {
    const joined = new Map<string, PeerJoin>()
    const receive = (data: unknown): void => {
      const message = data instanceof Uint8Array ? readPush(data) : (data as PeerMessage)
      const [joinRef, ref, topic, event, payload] = message
      const reply = (status: string, response: unknown = {}): void => {
        if (!(response instanceof Uint8Array)) {
          send([joinRef, ref, topic, 'phx_reply', { status, response }])
        } else send(packed(1, [joinRef ?? '', ref ?? '', topic, status], [], response))
      }
      if (topic === 'phoenix') {
        if (this.answersHeartbeats) reply('ok')
        return
      }
      this.received.push(message)
      const present = joined.get(topic)
      const isPresent = present && this.#joins.has(present)
      if (event === 'phx_join') {
        if (isPresent) this.#leave(present)
        const join: PeerJoin = {
          ...{ topic, user, joinRef: String(joinRef), params: asFields(payload), send },
          push: (name, body) =>
            send(
              body instanceof Uint8Array
                ? packed(0, [String(joinRef), topic, name], [], body)
                : [joinRef, null, topic, name, body],
            ),
        }
        const { ok, error } = this.#channels.join(join, this)
        if (error === undefined) {
          joined.set(topic, join)
          this.#joins.add(join)
        }
        reply(error === undefined ? 'ok' : 'error', error ?? ok)
        if (isPresent) send([present.joinRef, present.joinRef, topic, 'phx_close', {}])
        if (error === undefined) this.#channels.joined?.(join, this)
      } else if (event === 'phx_leave') {
        reply('ok')
        if (isPresent) this.#end(present, 'phx_close')
      } else if (!isPresent) reply('error', { reason: 'unmatched topic' })
      else this.#channels.receive({ join: present, event, payload, reply }, this)
    }
    const closed = (): void => {
      for (const join of joined.values()) this.#leave(join)
    }
    return { receive, closed }
  }

  #leave(join: PeerJoin): void {
    if (this.#joins.delete(join)) this.untrack(join)
  }

  #end(join: PeerJoin, event: 'phx_error' | 'phx_close'): void {
    this.#leave(join)
    join.send([join.joinRef, join.joinRef, join.topic, event, {}])
  }
}

type PeerMessage = readonly [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
]

/** Reads a binary message of a client: a push, or a broadcast of Supabase. */
export function readPush(data: Uint8Array): PeerMessage {
  const bytes = Buffer.from(data)
  const isBroadcast = bytes[0] === 3
  const count = isBroadcast ? 5 : 4
  let at = 1 + count + (isBroadcast ? 1 : 0)
  const [joinRef = '', ref = '', topic = '', event = ''] = [...bytes.subarray(1, 1 + count)].map(
    (length) => {
      at += length
      return bytes.subarray(at - length, at).toString()
    },
  )
  const body = new Uint8Array(bytes.subarray(at))
  if (!isBroadcast) return [joinRef, ref, topic, event, body]
  const payload = bytes[6] ? JSON.parse(bytes.subarray(at).toString()) : body
  return [joinRef, ref, topic, 'broadcast', { type: 'broadcast', event, payload }]
}

/** Returns a binary message of the server. */
export function packed(
  kind: number,
  texts: readonly string[],
  extra: readonly number[],
  data: Uint8Array,
): Uint8Array {
  const encoded = texts.map((text) => Buffer.from(text))
  const head = Buffer.from([kind, ...encoded.map(({ length }) => length), ...extra])
  return new Uint8Array(Buffer.concat([head, ...encoded, data]))
}
