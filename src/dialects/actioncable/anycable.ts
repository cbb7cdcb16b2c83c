import { checkNames } from '../../base/known-names.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asString, asStrings, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  noticeFrame,
  pingFrame,
  subscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent, PublishIntent, RequestIntent } from '../../protocol/intent.ts'
import { AnyCableMemory } from './anycable-memory.ts'
import type { AnyCablePresence } from './anycable-presence.ts'
import type { Topic } from './anycable-subscriptions.ts'
import { AnyCableSubscriptions } from './anycable-subscriptions.ts'
import { identifierOf } from './identifier.ts'
import type { ActionCableOptions } from './messages.ts'
import {
  cableDialect,
  cableEvent,
  cableOptions,
  closing,
  command,
  fieldsOf,
  listKey,
  otherMessage,
  perform,
  rejection,
} from './messages.ts'
import { offsetOf } from './stream-positions.ts'

/** Options of {@link anycable}. */
export interface AnyCableOptions extends ActionCableOptions {
  /**
   * Types of the events that `publish()` sends to the other clients of a channel, as whispers; other types
   * call an action.
   * @default []
   */
  readonly whispers?: readonly string[] | undefined
  /**
   * Whether the server requires an answer to its pings.
   * @default false
   */
  readonly pongs?: boolean | undefined
  /**
   * The presence that `PresenceManager` shows and takes part in.
   * @default none
   */
  readonly presence?: AnyCablePresence | undefined
}

/** The position of every channel: the dialect itself keeps those of the streams behind it. */
const POSITION = { epoch: 'streams', offset: 0 }

/** Number of events that wait for a history; with one more the history counts as lost. */
const MOST_HELD = 10_000

/**
 * Makes the dialect of AnyCable's extended protocol: that of {@link actioncable} with sessions that the server
 * restores, missed events, presence and whispers. Its memory belongs to one client: make one for each.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { anycable } from 'wirefold/dialects/actioncable'
 *
 * new RealtimeClient('wss://example.com/cable', { dialect: anycable() })
 */
export function anycable(options: AnyCableOptions = {}): DialectFactory {
  checkNames('anycable', options, { ...cableOptions, whispers: 0, pongs: 0, presence: 0 })
  const { typeField = 'type', silenceMs: heartbeatMs = 9_000 } = options
  const { whispers = [], pongs = false, presence } = options
  const memory = new AnyCableMemory()
  return () => {
    const subscriptions = new AnyCableSubscriptions(memory)
    const { topics, served, rejected } = subscriptions
    let isWelcome = false

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      switch (intent.kind) {
        case 'hello':
          return []
        case 'subscribe':
          return intent.channels.flatMap((channel, at) => {
            const key = `${intent.requestId}.${at}`
            const watched = presence?.watch(subscriptions, channel, key)
            if (watched) return watched
            return subscriptions.follow(channel, key, intent)
          })
        case 'unsubscribe':
          return intent.channels.flatMap(
            (channel) =>
              presence?.unwatch(subscriptions, channel) ??
              subscriptions.release(identifierOf(channel), 'events', [channel]),
          )
        case 'presence':
          return presence?.encode(subscriptions, intent)
        case 'publish':
        case 'request':
          return act(intent)
        case 'pong':
          return [...leaveRest(), ...(pongs ? [PONG] : [])]
        default:
          return undefined
      }
    }

    /** Unsubscribes from what the server has restored and the client has left meanwhile. */
    function leaveRest(): readonly Outgoing[] {
      const rest = [...served].filter((identifier) => !topics.has(identifier))
      return rest.flatMap((identifier) => subscriptions.release(identifier, 'events'))
    }

    /** Encodes an action or a whisper. */
    function act(intent: RequestIntent | PublishIntent): readonly Outgoing[] | undefined {
      const { kind, channel = '', type, payload } = intent
      const performed = perform(intent, rejected)
      if (kind !== 'publish' || !whispers.includes(type)) return performed
      const data = { ...fieldsOf(payload), [typeField]: type }
      return [command('whisper', identifierOf(channel), { data })]
    }

    function receive(wire: Fields, identifier: string, topic: Topic): readonly Frame[] {
      if (!topic.held) return deliver(wire, identifier, topic)
      // A server that sends no history must not fill the memory.
      return topic.held.push(wire) > MOST_HELD ? complete(identifier, topic, true) : []
    }

    /** Returns the event of a message, and notes its position; nothing for one that was seen before. */
    function deliver(wire: Fields, identifier: string, { events = '' }: Topic): readonly Frame[] {
      const isNew = memory.of(identifier).note(wire)
      return isNew ? [cableEvent(events, wire.message, typeField)] : []
    }

    /** Ends the wait for a history: the reply, and the events that waited, those of one stream in order. */
    function complete(identifier: string, topic: Topic, isLost: boolean): readonly Frame[] {
      const { events = '', resumes, held = [] } = topic
      topic.held = undefined
      const isGap = resumes && isLost
      if (isGap) memory.of(identifier).lost()
      return [
        subscribedFrame([identifier], {
          at: new Map([[events, POSITION]]),
          gaps: isGap ? [events] : [],
        }),
        ...held
          .sort((one, other) => offsetOf(one) - offsetOf(other))
          .flatMap((wire) => deliver(wire, identifier, topic)),
      ]
    }

    function decode(wire: unknown): Frame | readonly Frame[] | undefined {
      if (!isFields(wire)) return noticeFrame('malformed', 'not an object', wire)
      const identifier = asString(wire.identifier) ?? ''
      const topic: Topic = topics.get(identifier) ?? {}
      switch (wire.type) {
        case 'welcome':
          isWelcome = true
          memory.welcomed(wire.sid)
          for (const restored of asStrings(wire.restored_ids)) served.add(restored)
          return welcomeFrame({ heartbeatMs })
        case 'ping':
          // Not all events up to now have arrived while a history is on its way, or is not asked for yet.
          if (isWelcome && ![...topics.values()].some(({ held }) => held)) {
            memory.pinged(wire.message)
          }
          return pingFrame()
        case 'disconnect':
          // A session that the server has ended is not restored.
          memory.welcomed()
          return closing(wire)
        case 'confirm_subscription':
          return undefined
        case 'reject_subscription':
          subscriptions.reject(identifier)
          return [
            rejection(identifier, topic.held ? undefined : topic.events),
            rejection(listKey(identifier)),
          ]
        case 'confirm_history':
          return complete(identifier, topic, memory.since === undefined)
        case 'reject_history':
          return complete(identifier, topic, true)
        case 'presence':
          return presence?.decode(wire, identifier, topic.presence)
      }
      return topic.events !== undefined && 'message' in wire
        ? receive(wire, identifier, topic)
        : otherMessage(wire)
    }

    return {
      ...cableDialect,
      name: 'anycable',
      capabilities: {
        ...cableDialect.capabilities,
        ...{ acks: true, recovery: true, presence: presence?.joins ?? false },
      },
      protocols: ['actioncable-v1-ext-json'],
      // `presence:sync` lists all who are present.
      snapshots: ['presence:sync'],
      url: (base, credentials) => memory.url(base, credentials),
      // The server ignores an action before its subscribe.
      waits({ channel }) {
        if (channel === undefined) return false
        const identifier = identifierOf(channel)
        const topic = topics.get(identifier)
        return !rejected.has(identifier) && (!topic || topic.held !== undefined)
      },
      encode,
      decode,
    }
  }
}

const PONG: Outgoing = { wire: { command: 'pong' }, keys: [] }
