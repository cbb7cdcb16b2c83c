import { badOption } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { EventFrame, Frame, ReplyFrame } from '../../protocol/frame.ts'
import {
  droppedFrame,
  eventFrame,
  noticeFrame,
  refusalFrame,
} from '../../protocol/frame-constructors.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { withBinary } from './binary.ts'
import { phoenix } from './dialect.ts'
import { expiryOf } from './expiry.ts'
import { changeFrame } from './supabase-changes.ts'

/** Begins the topics of all channels. */
const PREFIX = 'realtime:'
/** Time before the expiry of a token at which the client asks for the next, in milliseconds. */
const EARLY_MS = 60_000
/** Time after which a channel that was refused for a temporary reason is joined again, in milliseconds. */
const RETRY_MS = 10_000
const temporary = { retryable: true, retryAfterMs: RETRY_MS } as const
const EXPIRED = /has expired/
/** Reasons of the server that say nothing about the next join. */
const TEMPORARY = /has expired|RateLimit|Restarting|[Cc]onnect|Timeout|Rpc|Unknown ?Error/

/** The parameters with which a channel of Supabase is joined: the `params` of a subscribe. */
export interface SupabaseChannel {
  /** `ack`: `publish` waits for the server. `self`: the client receives its own broadcasts. */
  readonly broadcast?: {
    readonly ack?: boolean
    readonly self?: boolean
    /** Broadcasts of a private channel to send again: since a time, in milliseconds since the epoch. */
    readonly replay?: { readonly since: number; readonly limit?: number }
  }
  /** `key`: the id of the client's user in presence, a random one by default. */
  readonly presence?: { readonly key?: string; readonly enabled?: boolean }
  /** The changes of rows to receive. */
  readonly postgres_changes?: readonly {
    readonly event: '*' | 'INSERT' | 'UPDATE' | 'DELETE'
    readonly schema: string
    readonly table?: string
    readonly filter?: string
  }[]
  /** Whether the policies of `realtime.messages` decide about access. */
  readonly private?: boolean
}

/** Options of {@link supabase}. */
export interface SupabaseOptions {
  /** The publishable key, or the `anon` key, of the project. */
  readonly apikey: string
  /**
   * Returns the parameters of a channel whose subscribe has none, also where only its presence is used.
   * @default none
   */
  readonly params?: ((channel: string) => SupabaseChannel | undefined) | undefined
}

/**
 * Makes the dialect of Supabase Realtime. The address is `wss://<project>.supabase.co/realtime/v1/websocket`;
 * the token of `auth` is the user's JWT, which is renewed before it expires.
 *
 * A channel is named without `realtime:`. A broadcast is an event of its own name, and `publish` sends
 * one, of JSON or of a `Uint8Array`. Changes of rows are events `entity:created`, `entity:updated` and
 * `entity:deleted` ({@link RowChange}), so that `bindList` follows a table: one for each channel, since a list
 * takes all changes of its channel for its own. `PresenceManager` shows and
 * tracks presence. Messages of the server itself are events `system`.
 *
 * @example
 * import { ChannelSubscriber, RealtimeClient } from 'wirefold'
 * import { supabase } from 'wirefold/dialects/phoenix'
 *
 * const client = new RealtimeClient('wss://<project>.supabase.co/realtime/v1/websocket', {
 *   dialect: supabase({ apikey: 'anon key' }),
 *   auth: () => session.token(),
 * })
 * const params = { postgres_changes: [{ event: '*', schema: 'public', table: 'todos' }] }
 * new ChannelSubscriber(client).subscribe('todos', show, { params })
 */
export function supabase(options: SupabaseOptions): DialectFactory {
  const { apikey, params } = options
  checkNames('supabase', options, { apikey, params })
  if (!apikey) {
    const message = 'supabase needs an apikey, the publishable key.'
    throw badOption('apikey', message)
  }
  const texts = phoenix({
    params,
    track: (action, payload = {}) =>
      action === 'leave'
        ? ['presence', { type: 'presence', event: 'untrack' }]
        : ['presence', { type: 'presence', event: 'track', payload }],
  })
  const channels = (): ReturnType<DialectFactory> => {
    const inner = texts()
    let token: string | undefined
    let expiresAt: number | undefined
    const expiring = () => ({ kind: 'expiring', expiresAt }) as const
    /** Time of the last ping. */
    let now = 0
    /** The joined channels. */
    const joins = new Map<string, Joined>()

    function authorize(given: string | undefined): void {
      token = given
      expiresAt = expiryOf(given)
    }

    /** Adds the prefix to a message, and to a join what the server expects of one. */
    function outgoing(message: Outgoing): Outgoing {
      const [joinRef, ref, topic, event, payload] = partsOf(message.wire)
      if (topic === 'phoenix') return message
      const channel = String(topic)
      const given = asFields(payload)
      let sent = payload
      if (event === 'phx_leave') joins.delete(channel)
      else if (event === 'phx_join') {
        const acks = asFields(given.broadcast).ack === true
        joins.set(channel, { ref, acks, ids: [], isListening: false })
        const presence = { enabled: true, ...asFields(given.presence) }
        sent = {
          config: { ...given, presence },
          ...(token !== undefined && { access_token: token }),
        }
      }
      return { ...message, wire: [joinRef, ref, PREFIX + channel, event, sent] }
    }

    const encode: typeof inner.encode = (intent) => {
      const { kind } = intent
      if (kind === 'request') return undefined
      if (kind === 'hello') authorize(intent.token)
      if (kind === 'ping') now = intent.timestamp
      if (kind === 'auth') {
        authorize(intent.token)
        const payload = { access_token: intent.token }
        const push = { ...intent, kind: 'publish', id: '', type: 'access_token', payload } as const
        const messages = [...joins.keys()].flatMap(
          (channel) => inner.encode({ ...push, channel }) ?? [],
        )
        return messages.filter(({ wire }) => partsOf(wire)[0] !== null).map(outgoing)
      }
      if (kind !== 'publish') return inner.encode(intent)?.map(outgoing)
      const { type: event, payload = {} } = intent
      const push = { type: 'broadcast', payload: { type: 'broadcast', event, payload } }
      const isAnswered = joins.get(intent.channel)?.acks
      return inner
        .encode({ ...intent, ...push, kind: isAnswered ? 'request' : kind })
        ?.map(outgoing)
    }

    /** Returns the frames of a `system` message. */
    function systemFrames(event: EventFrame, join: Joined): readonly Frame[] {
      const { extension, status, message } = asFields(event.payload)
      const isError = status === 'error'
      if (extension !== 'postgres_changes') {
        return isError && EXPIRED.test(asString(message) ?? '') ? [event, expiring()] : [event]
      }
      const { late } = join
      join.late = undefined
      join.isListening = !isError
      if (!isError) return late ? [late, event] : [event]
      const refusal = { ...temporary, code: 'postgres-changes', message }
      return [event, late ? refusalFrame(late.to, refusal) : droppedFrame(event.channel)]
    }

    function eventFrames(event: EventFrame): readonly Frame[] {
      const { channel, type } = event
      const join = joins.get(channel)
      if (!join) return [event]
      const payload = asFields(event.payload)
      switch (type) {
        case 'phx_join':
          return []
        case 'system':
          return systemFrames(event, join)
        case 'postgres_changes':
          return [changeFrame(channel, payload, join.ids)]
        case 'broadcast': {
          const { event: name, payload: body, meta } = payload
          return [
            eventFrame(channel, asString(name) ?? type, { payload: body, id: asFields(meta).id }),
          ]
        }
        default:
          return [event]
      }
    }

    function translated(frame: Frame): readonly Frame[] {
      switch (frame.kind) {
        case 'event':
          return eventFrames(frame)
        case 'pong':
          return expiresAt && now + EARLY_MS >= expiresAt ? [frame, expiring()] : [frame]
        case 'refusal': {
          const { to, error } = frame
          // A reason that names a topic ends with it.
          const [reason = ''] = error.message.split('topic: ')
          if (!TEMPORARY.test(reason)) return [frame]
          const refusal = refusalFrame(to, { ...error, ...temporary })
          return EXPIRED.test(reason) ? [refusal, expiring()] : [refusal]
        }
        default:
          return [frame]
      }
    }

    function decode(wire: unknown): Frame | readonly Frame[] {
      const [joinRef, ref, topic, event, payload] = partsOf(wire)
      const isOfChannel = asString(topic)?.startsWith(PREFIX)
      const channel = isOfChannel ? String(topic).slice(PREFIX.length) : ''
      if (!isOfChannel && topic !== 'phoenix') {
        const level = typeof topic === 'string' ? 'ignored' : 'malformed'
        return noticeFrame(level, 'no topic of a channel', wire)
      }
      // The server closes a channel only for a fault, such as an expired token: it is joined again.
      const type = event === 'phx_close' ? 'phx_error' : event
      const inside = isOfChannel ? [joinRef, ref, channel, type, payload] : wire
      const frames = [inner.decode(inside) ?? []].flat().flatMap(translated)
      const join = joins.get(channel)
      const [first] = frames
      if (!join || join.ref !== ref || first?.kind !== 'reply') return frames
      const { postgres_changes: accepted } = asFields(asFields(payload).response)
      join.ids = Array.isArray(accepted) ? accepted.map((one) => asFields(one).id) : []
      if (!join.ids.length || join.isListening) return frames
      // The channel is live once the server listens to the database, of which a message informs.
      join.late = first
      return frames.slice(1)
    }

    return {
      ...inner,
      name: 'supabase',
      url: (base, { query }) => withQuery(base, { ...query, apikey, vsn: '2.0.0' }),
      encode,
      decode,
    }
  }
  return withBinary(channels)
}

/** The last join of a channel. */
interface Joined {
  readonly ref: unknown
  /** Whether broadcasts are acknowledged. */
  readonly acks: boolean
  /** The ids that the server gave to the `postgres_changes`. */
  ids: readonly unknown[]
  /** Whether the server has begun to listen to the database. */
  isListening: boolean
  /** The reply to the join, which waits for that. */
  late?: ReplyFrame | undefined
}

function partsOf(wire: unknown): readonly unknown[] {
  return Array.isArray(wire) ? wire : []
}
