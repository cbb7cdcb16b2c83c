import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asString, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  noticeFrame,
  pingFrame,
  refusalFrame,
  subscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { identifierOf } from './identifier.ts'
import type { ActionCableOptions } from './messages.ts'
import {
  cableDialect,
  cableEvent,
  closing,
  command,
  otherMessage,
  perform,
  rejected,
} from './messages.ts'

/**
 * Makes the dialect of Rails' Action Cable. A channel is a class of channels, with the parameters of the
 * subscribe: `channels.subscribe('RoomChannel', handler, { params: { room: '1' } })`. Requests and publishes
 * call an action of the channel, which the server does not answer.
 *
 * @example
 * new RealtimeClient('wss://example.com/cable', { dialect: actioncable() })
 */
export function actioncable(options: ActionCableOptions = {}): DialectFactory {
  const { typeField = 'type', silenceMs: heartbeatMs = 9_000 } = options
  return () => {
    /** The channels subscribed to, by their identifiers, and whether the server has confirmed them. */
    const channels = new Map<string, { readonly channel: string; confirmed: boolean }>()

    function subscribe(channel: string, key: string): readonly Outgoing[] {
      const identifier = identifierOf(channel)
      // The server ignores a subscribe to what it has confirmed.
      const former = channels.get(identifier)?.confirmed
      channels.set(identifier, { channel, confirmed: false })
      const message = command('subscribe', identifier, {}, [channel], [key, identifier])
      return former ? [command('unsubscribe', identifier), message] : [message]
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
            channels.delete(identifier)
            return command('unsubscribe', identifier, {}, [channel])
          })
        case 'request':
        case 'publish':
          return perform(intent)
        default:
          return undefined
      }
    }

    function decode(wire: unknown): Frame {
      if (!isFields(wire)) return noticeFrame('malformed', 'not an object', wire)
      const identifier = asString(wire.identifier) ?? ''
      const found = channels.get(identifier)
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
          channels.delete(identifier)
          return refusalFrame([identifier], rejected)
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
      encode,
      decode,
    }
  }
}
