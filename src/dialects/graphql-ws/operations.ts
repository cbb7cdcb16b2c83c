import { unsupported } from '../../base/errors.ts'
import { channelName } from '../../protocol/channel-name.ts'
import type { Outgoing } from '../../protocol/dialect.ts'
import { asFields, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  endedFrame,
  eventFrame,
  noticeFrame,
  refusalFrame,
  replyFrame,
  unsubscribedFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import type { ResolvedGraphqlOptions } from './options.ts'
import { refusalOf } from './refusal-of.ts'

/** The operations that run on one socket, and the messages about them. */
export interface Operations {
  /** Encodes a request, subscribe or unsubscribe; returns `undefined` for every other intent. */
  encode(intent: Intent): readonly Outgoing[] | undefined
  /** Decodes a `next`, `error` or `complete`; returns a notice for every other message. */
  decode(type: string, wire: Fields): Frame | readonly Frame[]
}

/** Makes the operations of one socket. */
export function operationsOf({ operations, toEvent }: ResolvedGraphqlOptions): Operations {
  /** The channels by the ids of their operations, and these by their channels. */
  const channels = new Map<string, string>()
  const ids = new Map<string, string>()

  /** Throws `unsupported` for a name that has no document: for another text the server ends the connection for good. */
  function start(id: string, name: string, variables: unknown) {
    const query = Object.hasOwn(operations, name) ? operations[name] : name
    if (!query?.includes('{')) throw unsupported('graphql', `${name}, which is not in operations`)
    return { id, type: 'subscribe', payload: { query, variables } }
  }

  /** Forgets the operation of a channel; returns its id. */
  function forget(channel: string): string | undefined {
    const id = ids.get(channel)
    if (id !== undefined) channels.delete(id)
    ids.delete(channel)
    return id
  }

  /** @param covered the channel, if the message takes the place of its unsubscribe */
  function stop(channel: string, ...covered: readonly string[]): readonly Outgoing[] {
    const id = forget(channel)
    return id === undefined ? [] : [{ wire: { id, type: 'complete' }, keys: [], channels: covered }]
  }

  function readResult(channel: string, result: Fields, wire: Fields): Frame | readonly Frame[] {
    const { data } = result
    const refusal = refusalOf(result)
    if (refusal && data === undefined) {
      forget(channel)
      return unsubscribedFrame(channel, refusal)
    }
    const name = channelName(channel)
    const frames: Frame[] = []
    if (isFields(data)) {
      const { type, payload } = toEvent(data, name)
      const via = name === channel ? undefined : channel
      frames.push(eventFrame(name, type, { payload, via }))
    }
    if (refusal) frames.push(refusalFrame([], refusal, name))
    return frames.length > 0 ? frames : noticeFrame('malformed', 'no data and no errors', wire)
  }

  return {
    encode(intent) {
      switch (intent.kind) {
        case 'request': {
          const { requestId, type, payload } = intent
          // The server closes the connection for variables that are no object.
          return payload === undefined || isFields(payload)
            ? [{ wire: start(requestId, type, payload), keys: [requestId] }]
            : undefined
        }
        case 'subscribe':
          return intent.channels.flatMap((channel, index) => {
            const id = `${intent.requestId}.${index}`
            const wire = start(id, channelName(channel), intent.params)
            const former = stop(channel)
            channels.set(id, channel)
            ids.set(channel, id)
            return [...former, { wire, keys: [], channels: [channel] }]
          })
        case 'unsubscribe':
          return intent.channels.flatMap((channel) => stop(channel, channel))
        default:
          return undefined
      }
    },

    decode(type, wire) {
      const id = asString(wire.id)
      if (id === undefined || !/^(next|error|complete)$/.test(type)) {
        return noticeFrame('malformed', 'no message about an operation', wire)
      }
      const channel = channels.get(id)
      const { payload } = wire
      // An empty list is an error, too.
      const result = type === 'error' ? { errors: [payload, {}].flat() } : asFields(payload)
      if (channel === undefined) return answerOf(id, result)
      if (type !== 'complete') return readResult(channel, result, wire)
      forget(channel)
      return endedFrame(channel)
    },
  }
}

/**
 * Returns the answer to a request. A `complete` has no result: it refuses a request that has no answer
 * yet, and none otherwise, since an answered one is no longer awaited.
 */
function answerOf(id: string, result: Fields): Frame {
  const { data } = result
  const error =
    refusalOf(result) ?? (data === undefined && { message: 'It completed without a result.' })
  return error ? refusalFrame([id], error) : replyFrame([id], data)
}
