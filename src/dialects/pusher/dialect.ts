import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame, RefusalFrame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  pingFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
  unsubscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { isEncrypted, isPresence, isSigned, membersName, OWN, wireName } from './channels.ts'
import { dataOf } from './data.ts'
import { type Member, readMember, readMembers } from './members.ts'

/** Codes of this package for statuses of an auth endpoint, and for codes of `pusher:error`. */
const CODES: Readonly<Record<number, string>> = {
  0: 'internal',
  401: 'not-authenticated',
  4009: 'forbidden',
  4301: 'rate-limited',
}

/** Returns the wait after close codes from 4100 and from 4200. */
const retryAfter = (code: number) =>
  [undefined, { floorMs: 1_000 }, { windowMs: 0 }][Math.floor(code / 100) - 40]

/**
 * The dialect of Pusher Channels, protocol 7, which Laravel Reverb and Soketi speak, too:
 * `{event, channel, data}`, with the data as JSON text.
 *
 * The address is that of the app: {@link pusherUrl}. Private and presence channels need a transport that
 * signs their subscribes: {@link withChannelAuth}. The channel `presence-<name>` has the events, and the
 * resource `<name>` of a `PresenceManager` the members: a client that watches them is one itself.
 */
export const pusher: DialectFactory = () => {
  /** The channels of the backend that the client has subscribed to on this socket, the oldest first. */
  const joined = new Map<string, Joined>()
  /** Presence channels with a further subscriber, which waits for the members. */
  const due = new Set<string>()
  /** Whether the transport signs subscribes. */
  let signs = false

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    switch (intent.kind) {
      case 'hello':
        // The server speaks first; the client subscribes after its welcome.
        return []
      case 'ping':
      case 'pong':
        return [outgoing(intent.kind)]
      case 'subscribe':
        return intent.channels.flatMap((name, index) =>
          join(name, intent.requestId + (index || '')),
        )
      case 'unsubscribe':
        return intent.channels.flatMap(leave)
      case 'presence': {
        const name = OWN + intent.resource
        // The auth endpoint chooses a member's data, which cannot be updated.
        if (intent.action === 'join') return join(name, intent.requestId)
        return intent.action === 'leave' ? leave(name) : undefined
      }
      case 'publish': {
        const { type: event, payload: data = {} } = intent
        const channel = wireName(intent.channel)
        // The backend passes client events of these channels on only, and does not encrypt them.
        const isTaken = isSigned(channel) && !isEncrypted(channel)
        if (!isTaken || !event.startsWith('client-')) return undefined
        return [{ wire: { event, channel, data }, keys: [] }]
      }
      default:
        return undefined
    }
  }

  /** Returns the messages with which one more name, or the same one again, subscribes to a channel. */
  function join(name: string, requestId: string): readonly Outgoing[] {
    const channel = wireName(name)
    const known = joined.get(channel)
    const awaited = { keys: [requestId, name, channel], channels: [name] }
    if (known && isPresence(channel) && (known.members || !known.names.has(name))) {
      // The members are known, or on their way: a pong answers. To ask for them again, the client would have
      // to leave, which all other members see.
      known.names.add(name)
      if (known.members) due.add(channel)
      return [{ ...outgoing('ping'), ...awaited }]
    }
    joined.set(channel, { names: new Set(known?.names).add(name), members: undefined })
    const subscribe = { ...outgoing('subscribe', { channel }), ...awaited }
    // The backend refuses a second subscribe.
    return known
      ? [{ ...outgoing('unsubscribe', { channel }), channels: [] }, subscribe]
      : [subscribe]
  }

  /** Returns the message with which the last name of a channel leaves it; none for an earlier one. */
  function leave(name: string): readonly Outgoing[] {
    const channel = wireName(name)
    const names = joined.get(channel)?.names
    names?.delete(name)
    if (names?.size) return []
    joined.delete(channel)
    due.delete(channel)
    return [{ ...outgoing('unsubscribe', { channel }), channels: [name] }]
  }

  function decode(wire: unknown): Frame | readonly Frame[] {
    const { event, channel: named, data } = asFields(wire)
    if (typeof event !== 'string') return noticeFrame('malformed', 'no event', wire)
    const payload = dataOf(data)
    if (payload === undefined && data !== undefined) {
      return noticeFrame('malformed', 'its data is too deep', wire)
    }
    const fields = asFields(payload)
    const channel = asString(named) ?? ''
    const there = joined.get(channel)
    const type = event.replace('pusher_internal:', 'pusher:')
    switch (type) {
      case 'pusher:connection_established': {
        const heartbeatMs = 1_000 * (asNumber(fields.activity_timeout) ?? 120)
        return welcomeFrame({ connectionId: fields.socket_id, heartbeatMs })
      }
      case 'pusher:signed':
        // The message of withChannelAuth: until then a subscribe waits for its signature.
        signs = true
        if (there) there.isSent = true
        return []
      case 'pusher:ping':
        return pingFrame()
      case 'pusher:pong': {
        const frames = [...due].flatMap(accepted)
        due.clear()
        return [pongFrame({}), ...frames]
      }
      case 'pusher:error': {
        const code = asNumber(fields.code) ?? 4009
        // A wrong signature is refused without its channel: the first one that was sent is meant.
        const [waiting] =
          [...joined].find(
            ([name, { members, isSent = !signs }]) => isSigned(name) && isSent && !members,
          ) ?? []
        if (code === 4009 && waiting) return refused(fields, waiting)
        // The client connects again after the close that follows, so there is nothing to report.
        if (retryAfter(code)) return []
        return refusal(fields, [], code < 4300 ? undefined : channel || 'client events')
      }
      case 'pusher:subscription_succeeded':
        if (there) there.members = readMembers(asFields(fields.presence))
        return accepted(channel)
      case 'pusher:subscription_error':
        return refused(fields, channel)
      case 'pusher:member_added':
      case 'pusher:member_removed': {
        const user = readMember(fields.user_id, fields.user_info)
        const isJoin = type === 'pusher:member_added'
        there?.members?.delete(user.id)
        if (isJoin) there?.members?.set(user.id, user)
        const name = membersName(channel)
        return eventFrame(name, isJoin ? 'presence:join' : 'presence:leave', { payload: { user } })
      }
    }
    return channel
      ? eventFrame(channel, type, { payload })
      : noticeFrame('ignored', 'no channel', wire)
  }

  /** Returns the names under which the client subscribes to a channel; its own where there are none. */
  function namesOf(channel: string): readonly string[] {
    return [...(joined.get(channel)?.names ?? [channel])]
  }

  /** Returns the replies to the subscribes of a channel, and its members. */
  function accepted(channel: string): readonly Frame[] {
    const replies = namesOf(channel).map((name) => replyFrame([name], undefined))
    if (!isPresence(channel)) return replies
    const users = [...(joined.get(channel)?.members?.values() ?? [])]
    return [...replies, eventFrame(membersName(channel), 'presence:sync', { payload: { users } })]
  }

  /** Returns the refusals of a channel, for each of its names: whether that waits or had it. */
  function refused(fields: Fields, channel: string): readonly Frame[] {
    const names = namesOf(channel)
    joined.delete(channel)
    return names.flatMap((name) => {
      const frame = refusal(fields, [name], channel)
      return [frame, unsubscribedFrame(name, frame.error)]
    })
  }

  return {
    name: 'pusher',
    capabilities: {
      ...{ acks: true, recovery: false, presence: true },
      ...{ dedupes: false, families: false, batches: false },
    },
    presets: {},
    protocols: [],
    match: () => false,
    heartbeat: 'ping',
    fatalCloseCodes: Array.from({ length: 100 }, (_, index) => 4_000 + index),
    retryAfter,
    // It lists all members.
    snapshots: ['presence:sync'],
    // The token is for the auth endpoint only.
    url: (base, { query }) => withQuery(base, { ...query, protocol: '7', client: 'wirefold' }),
    encode,
    decode,
  }
}

/** A channel of the backend, which the client has subscribed to under one name or several. */
interface Joined {
  readonly names: Set<string>
  /** Once the backend has accepted the client: the members by id, where it is a presence channel. */
  members: Map<unknown, Member> | undefined
  /** Whether its subscribe was signed and sent. */
  isSent?: boolean
}

function outgoing(event: string, data: Fields = {}): Outgoing {
  return { wire: { event: `pusher:${event}`, data }, keys: [] }
}

/** Returns a refusal of the backend or of the auth endpoint. */
function refusal(fields: Fields, to: readonly string[], channel: string | undefined): RefusalFrame {
  const { error, message = error, code, status, retryAfterMs } = fields
  const number = asNumber(code ?? status) ?? 400
  // The client does not ask again for a channel that an endpoint has refused.
  const known = { code: CODES[number] ?? (number < 500 && 'forbidden'), message, retryAfterMs }
  return refusalFrame(to, { ...known, details: fields }, channel)
}
