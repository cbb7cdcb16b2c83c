import { checkNames } from '../../base/known-names.ts'
import { presenceChannel, presenceResource } from '../../protocol/channel-name.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import {
  droppedFrame,
  endedFrame,
  eventFrame,
  noticeFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent, PresenceIntent } from '../../protocol/intent.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { withCredentials } from '../../protocol/url-query.ts'
import { Members } from './members.ts'
import { type RefusalFields, readReason } from './refusal.ts'

/** Number of topics whose parameters are kept; with one more all are forgotten. */
const MOST_KNOWN = 10_000

/** Options of {@link phoenix}. */
export interface PhoenixOptions {
  /**
   * Returns the payload of the join of a topic whose subscribe has no `params`.
   * @default an empty object
   */
  readonly params?: ((topic: string) => unknown) | undefined
  /**
   * Returns the event and payload by which your channel tracks the client's own presence, changes its
   * meta, or ends it; `undefined` if it has none for that. Without this option the server tracks by
   * itself, and `PresenceManager.enter` is refused as `unsupported`.
   */
  readonly track?:
    | ((
        action: 'join' | 'update' | 'leave',
        meta: unknown,
      ) => readonly [event: string, payload?: unknown] | undefined)
    | undefined
  /**
   * Types of events that hold the whole state of their topic, after which a channel in a `gap` is
   * `live` again; `phx_join` is the response to a join.
   * @default []
   */
  readonly snapshots?: readonly string[] | undefined
}

/**
 * Makes the dialect of Phoenix Channels, serializer 2.0.0: `[join_ref, ref, topic, event, payload]`.
 * The address is that of the socket with `/websocket`; `params` of a subscribe are the payload of the
 * join.
 *
 * A topic is a channel, a request is a push that is answered, a publish one that is not. The response
 * to a join is an event `phx_join` of the channel, unless it is empty. `presence_state` and
 * `presence_diff` make the users of `PresenceManager.of(topic)`.
 *
 * The channel `presence:<topic>` shares the topic's join, since a second join would close the first. A
 * channel that finds its topic joined sends a heartbeat instead, and gets with the reply what it has
 * missed: the users, or the response to the join. The parameters of the topics are remembered from one
 * connection to the next: make a dialect for each client.
 *
 * @example
 * import { ChannelSubscriber, RealtimeClient } from 'wirefold'
 * import { phoenix } from 'wirefold/dialects/phoenix'
 *
 * const client = new RealtimeClient('wss://example.com/socket/websocket', { dialect: phoenix() })
 * const channels = new ChannelSubscriber(client)
 * channels.subscribe('room:1', (payload, { type }) => show(type, payload), { params: { last: 7 } })
 * await client.request('shout', { text: 'hello' }, { channel: 'room:1' })
 */
export function phoenix(options: PhoenixOptions = {}): DialectFactory {
  checkNames('phoenix', options, { params: 0, track: 0, snapshots: 0 })
  const { track } = options
  /**
   * The parameters of each topic, kept from one socket to the next: after a lost connection its presence may
   * join first. A topic that is left forgets them.
   */
  const known = new Map<string, unknown>()
  return () => {
    /** The last join of each topic. */
    const joins = new Map<string, Join>()
    /** The client's own presence in each topic: its meta, sent again after every join. */
    const tracked = new Map<string, unknown>()
    /** Channels that wait for the reply to a heartbeat, by its ref. */
    const confirming = new Map<string, string>()
    let refs = 0

    /** Returns the join of a topic, unless it was refused or is over. */
    function joined(topic: string): Join | undefined {
      const join = joins.get(topic)
      return join?.state === 'over' ? undefined : join
    }

    function push(
      topic: string,
      [event, payload = {}]: readonly [event: string, payload?: unknown],
      channels: readonly string[] = [],
    ): Outgoing {
      const ref = String(++refs)
      const wire = [joined(topic)?.ref ?? null, ref, topic, event, payload]
      return { wire, keys: [ref], channels }
    }

    /** Returns the messages that join a topic, also one that is joined already, and track there. */
    function joinTopic(topic: string, params: unknown, requester?: string): readonly Outgoing[] {
      const channels = new Set(joins.get(topic)?.channels)
      if (requester !== undefined) channels.add(requester)
      const ref = String(refs + 1)
      // Topics that were left while there was no connection stay, and must not fill the memory.
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(topic, params)
      joins.set(topic, { ref, channels, requester, members: new Members() })
      const own = tracked.has(topic) && track?.('join', tracked.get(topic))
      const message = push(topic, ['phx_join', params], requester === undefined ? [] : [requester])
      return own ? [message, push(topic, own)] : [message]
    }

    function subscribe(channel: string, given: unknown): readonly Outgoing[] {
      const topic = topicOf(channel)
      const isTopic = topic === channel
      const former = known.get(topic)
      const params = given ?? (isTopic ? undefined : former) ?? options.params?.(topic)
      const shared = joined(topic)
      const isNew =
        isTopic &&
        (shared?.channels.has(channel) ||
          shared?.isStale ||
          JSON.stringify(params) !== JSON.stringify(former))
      if (!shared || isNew) return joinTopic(topic, params, channel)
      shared.channels.add(channel)
      const message = push('phoenix', ['heartbeat'], [channel])
      confirming.set(String(refs), channel)
      return [message]
    }

    /** Returns the message that leaves a topic which nothing needs any more. */
    function leave(topic: string, ...channels: string[]): readonly Outgoing[] {
      const messages = joined(topic) ? [push(topic, ['phx_leave'], channels)] : []
      joins.delete(topic)
      known.delete(topic)
      return messages
    }

    function unsubscribe(channel: string): readonly Outgoing[] {
      const topic = topicOf(channel)
      const join = joins.get(topic)
      if (!join?.channels.delete(channel) || join.channels.size || tracked.has(topic)) return []
      return leave(topic, channel)
    }

    function ownPresence({ action, resource: topic, meta }: PresenceIntent): Encoded {
      if (!track) return undefined
      const former = joins.get(topic)
      const join = joined(topic)
      if (action === 'heartbeat') {
        // Joins a topic again that was lost, and has no subscription which would do so.
        if (join || former?.refusal || !tracked.has(topic)) return []
      } else if (action === 'leave') {
        tracked.delete(topic)
        if (!join?.channels.size) return leave(topic)
      } else tracked.set(topic, meta)
      if (!join) return joinTopic(topic, known.get(topic) ?? options.params?.(topic))
      const own = action === 'heartbeat' ? undefined : track(action, meta)
      return own ? [push(topic, own)] : []
    }

    function encode(intent: Intent): Encoded {
      switch (intent.kind) {
        case 'subscribe':
          return intent.channels.flatMap((channel) => subscribe(channel, intent.params))
        case 'unsubscribe':
          return intent.channels.flatMap(unsubscribe)
        case 'request':
        case 'publish': {
          const { kind, type, channel, payload } = intent
          if (channel === undefined) return undefined
          const message = push(topicOf(channel), [type, payload])
          return [kind === 'publish' ? { ...message, keys: [] } : message]
        }
        case 'presence':
          return ownPresence(intent)
        case 'ping':
          // The server repeats the ref, which is the time of the ping.
          return [{ wire: [null, `${intent.timestamp}`, 'phoenix', 'heartbeat', {}], keys: [] }]
        default:
          return undefined
      }
    }

    /** Ends a join; returns a frame for each of its channels. */
    function over(join: Join, frame: (channel: string) => Frame): readonly Frame[] {
      const channels = [...join.channels]
      join.state = 'over'
      join.channels.clear()
      return channels.map(frame)
    }

    /** Returns what a channel gets at first: the users, or the response to the join. */
    function initial({ members, response }: Join, channel: string): readonly EventFrame[] {
      if (topicOf(channel) !== channel) return members.listed(channel)
      const isEmpty = !Object.keys(Object(response)).length
      return isEmpty ? [] : [eventFrame(channel, 'phx_join', { payload: response })]
    }

    /** Handles the reply to a ping, or to the heartbeat of a channel. */
    function confirmed(ref: string): Frame | readonly Frame[] {
      const channel = confirming.get(ref)
      if (channel === undefined) return pongFrame({ timestamp: Number(ref) })
      confirming.delete(ref)
      const join = joins.get(topicOf(channel))
      if (join?.state === 'live') return [replyFrame([ref], undefined), ...initial(join, channel)]
      return join?.refusal ? refusalFrame([ref], join.refusal) : []
    }

    function replied(topic: string, ref: string, payload: unknown): Frame | readonly Frame[] {
      if (topic === 'phoenix') return confirmed(ref)
      const { status, response } = asFields(payload)
      const refusal = status === 'ok' ? undefined : readReason(response)
      const frame = refusal ? refusalFrame([ref], refusal) : replyFrame([ref], response)
      const join = joins.get(topic)
      if (join?.ref !== ref || join.state) return frame
      if (refusal) {
        join.refusal = refusal
        // A former join of the topic, which served other channels, ended with this one.
        if (join.requester !== undefined) join.channels.delete(join.requester)
        return [frame, ...over(join, droppedFrame)]
      }
      join.state = 'live'
      join.response = response
      // Another channel of the topic gets it with the reply to its heartbeat.
      return join.requester === topic ? [frame, ...initial(join, topic)] : frame
    }

    function decode(wire: unknown): Frame | readonly Frame[] {
      const message: readonly unknown[] = Array.isArray(wire) ? wire : []
      const [joinRef, ref, topic, event, payload] = message
      if (typeof topic !== 'string' || typeof event !== 'string') {
        return noticeFrame('malformed', 'no topic or event', wire)
      }
      if (event === 'phx_reply') return replied(topic, asString(ref) ?? '', payload)
      const join = joins.get(topic)
      // Broadcasts have no join_ref; none comes before the reply to the join.
      if (
        !join ||
        (joinRef ? joinRef !== join.ref || join.state === 'over' : join.state !== 'live')
      ) {
        return noticeFrame('ignored', 'it is of no present join', wire)
      }
      const { channels, members } = join
      const channel = presenceChannel(topic)
      switch (event) {
        case 'phx_error':
          return over(join, droppedFrame)
        case 'phx_close':
          tracked.delete(topic)
          joins.delete(topic)
          return over(join, endedFrame)
        case 'presence_state':
        case 'presence_diff': {
          const isList = event === 'presence_state'
          const frames = isList ? members.list(channel, payload) : members.diff(channel, payload)
          return channels.has(channel) ? frames : []
        }
        default:
          join.isStale = true
          return channels.has(topic) ? eventFrame(topic, event, { payload }) : []
      }
    }

    return {
      ...plainDialect,
      name: 'phoenix',
      capabilities: { ...plainDialect.capabilities, acks: true, presence: !!track },
      presets: track ? { presenceHeartbeatMs: 30_000 } : {},
      heartbeat: 'ping',
      snapshots: ['presence:sync', ...(options.snapshots ?? [])],
      url: (base, credentials) =>
        withCredentials(base, { ...credentials, query: { ...credentials.query, vsn: '2.0.0' } }),
      encode,
      decode,
      // Without a reply a push to a topic that is not joined would be lost.
      waits: (intent) =>
        intent.kind === 'publish' && joins.get(topicOf(intent.channel))?.state !== 'live',
      // A topic is joined by its whole name.
      match: () => false,
      channelOf: (name) => name,
    }
  }
}

function topicOf(channel: string): string {
  return presenceResource(channel) ?? channel
}

type Encoded = readonly Outgoing[] | undefined

/** A join of a topic. */
interface Join {
  /** The ref of its `phx_join`, which the messages of the join carry. */
  readonly ref: string
  /** Channels of the client that it serves: the topic, its presence, or both. */
  readonly channels: Set<string>
  /** The channel that gets the reply to the join. */
  readonly requester: string | undefined
  readonly members: Members
  /** `over`: it was refused, lost or ended. Undefined before the reply. */
  state?: 'live' | 'over'
  /** The response of the server, once it is live. */
  response?: unknown
  /** Whether events have come since, so that the response is not the present state. */
  isStale?: boolean
  /** The reason, if it was refused. */
  refusal?: RefusalFields
}
