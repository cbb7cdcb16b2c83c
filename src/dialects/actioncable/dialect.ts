import { checkNames } from '../../base/known-names.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asString, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  noticeFrame,
  pingFrame,
  subscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { identifierOf } from './identifier.ts'
import type { ActionCableOptions } from './messages.ts'
import {
  cableDialect,
  cableEvent,
  cableOptions,
  closing,
  command,
  otherMessage,
  perform,
  rejection,
} from './messages.ts'

/**
 * Makes the dialect of Rails' Action Cable. A channel is a class of channels, with the parameters of the
 * subscribe: `channels.subscribe('RoomChannel', handler, { params: { room: '1' } })`. Requests and publishes
 * call an action of the channel, which the server does not answer.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { actioncable } from 'wirefold/dialects/actioncable'
 *
 * new RealtimeClient('wss://example.com/cable', { dialect: actioncable() })
 */
export function actioncable(options: ActionCableOptions = {}): DialectFactory {
  checkNames('actioncable', options, cableOptions)
  const { typeField = 'type', silenceMs: heartbeatMs = 9_000 } = options
  return () => {
    /** The subscriptions, by identifier. */
    const subscriptions = new Map<string, Subscribed>()
    /** The identifiers that the server rejects in this task: actions that wait for them are refused. */
    const rejected = new Set<string>()

    function subscribe(channel: string, key: string): readonly Outgoing[] {
      const identifier = identifierOf(channel)
      const former = subscriptions.get(identifier)
      subscriptions.set(identifier, { channel, confirmed: false })
      const message = command('subscribe', identifier, {}, [channel], [key, identifier])
      // The server ignores a subscribe to what it has confirmed.
      return former?.confirmed ? [command('unsubscribe', identifier), message] : [message]
    }

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      switch (intent.kind) {
        case 'hello':
          return []
        case 'subscribe':
          return intent.channels.flatMap((channel, at) =>
            subscribe(channel, `${intent.requestId}.${at}`),
          )
        case 'unsubscribe':
          return intent.channels.map((channel) => {
            const identifier = identifierOf(channel)
            subscriptions.delete(identifier)
            return command('unsubscribe', identifier, {}, [channel])
          })
        case 'request':
        case 'publish':
          return perform(intent, rejected)
        default:
          return undefined
      }
    }

    function decode(wire: unknown): Frame | readonly Frame[] {
      if (!isFields(wire)) return noticeFrame('malformed', 'not an object', wire)
      const identifier = asString(wire.identifier) ?? ''
      const found = subscriptions.get(identifier)
      switch (wire.type) {
        case 'welcome':
          return welcomeFrame({ heartbeatMs })
        case 'ping':
          return pingFrame()
        case 'disconnect':
          return closing(wire)
        case 'confirm_subscription':
          if (found) found.confirmed = true
          return subscribedFrame([identifier])
        case 'reject_subscription':
          subscriptions.delete(identifier)
          rejected.add(identifier)
          queueMicrotask(() => rejected.delete(identifier))
          return rejection(identifier, found?.confirmed ? found.channel : undefined)
      }
      return found && 'message' in wire
        ? cableEvent(found.channel, wire.message, typeField)
        : otherMessage(wire)
    }

    return {
      ...cableDialect,
      name: 'actioncable',
      capabilities: { ...cableDialect.capabilities, acks: true },
      protocols: ['actioncable-v1-json'],
      // The server carries out commands in parallel, and ignores an action before its subscribe.
      waits({ channel }) {
        if (channel === undefined) return false
        const identifier = identifierOf(channel)
        return !rejected.has(identifier) && !subscriptions.get(identifier)?.confirmed
      },
      encode,
      decode,
    }
  }
}

/** A subscription of one socket. */
interface Subscribed {
  readonly channel: string
  /** Whether the server has confirmed it. */
  confirmed: boolean
}
