import { messageOf } from '../../base/errors.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import type { Fields } from '../../protocol/fields.ts'
import type { Frame, Position } from '../../protocol/frame.ts'
import { noticeFrame } from '../../protocol/frame-constructors.ts'
import type { Intent, PresenceIntent } from '../../protocol/intent.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { checkDeclaration } from './check-declaration.ts'
import type { JsonDeclaration, JsonSend } from './declaration.ts'
import { frames, subscribeKey } from './frames.ts'
import { rulesOf } from './rules.ts'
import { usesOf } from './uses.ts'

/**
 * Makes the dialect of a backend that speaks JSON of its own, from a declaration of how its messages
 * are recognised, and of how those to it are written. What is not declared, the backend cannot do.
 *
 * A channel is live with the reply to its subscribe if `receive` recognises one, else once the subscribe
 * is sent. Missed events are requested if `send.subscribe` uses `since`. Throws `bad-option` if a part of
 * the declaration is missing, unknown, or contradicts another one.
 *
 * @example
 * import { jsonDialect } from 'wirefold/dialects/json'
 *
 * const rooms = jsonDialect({
 *   receive: { event: { channel: 'room', type: 'event', payload: 'data' } },
 *   send: { subscribe: ({ channel }) => ({ join: channel }) },
 * })
 */
export function jsonDialect<Message = Fields>(
  declaration: JsonDeclaration<Message>,
): DialectFactory {
  const { name = 'json', receive = {}, send = {}, snapshots } = declaration
  const uses = usesOf(send)
  const rules = rulesOf(receive)
  checkDeclaration({ receive, send }, rules, uses)
  const { token: parameter = send.hello ? false : 'token' } = declaration
  const { fatalCloseCodes = plainDialect.fatalCloseCodes } = declaration
  const { reply, subscribed } = receive

  /** Returns the keys under which the reply to a message with these ids is awaited; none if it gets none. */
  function keysOf(kind: keyof JsonSend, ids: readonly string[], channel = ''): readonly string[] {
    const byChannel = kind === 'subscribe' && subscribed?.channel
    const isAnswered = byChannel || reply || (kind.endsWith('subscribe') && subscribed?.id)
    return [...(isAnswered ? ids : []), ...(byChannel ? [subscribeKey(channel)] : [])]
  }

  function decode(wire: unknown): Frame | readonly Frame[] {
    const rule = Object(wire) === wire && rules.find(({ recognises }) => recognises(wire))
    if (!rule) return noticeFrame('malformed', 'no rule of receive recognises it', wire)
    try {
      return frames[rule.kind](rule.read(wire), wire)
    } catch (cause) {
      return noticeFrame('malformed', `as receive.${rule.kind}: ${messageOf(cause)}`, wire)
    }
  }

  return () => {
    /** Number of messages of this connection. */
    let count = 0

    /** Returns the message that a function of `send` makes of an intent, if it makes one. */
    function message(intent: Exclude<Intent, PresenceIntent>, channel?: string): Outgoing[] {
      const { kind } = intent
      const { requestId = '', since, id: eventId }: Parts & { readonly kind: string } = intent
      const id = channel ? `${requestId}.${channel}` : requestId
      const number = ++count
      /** Those that this message carries: a function may write its id for some calls only. */
      const ids: string[] = []
      const call = {
        ...intent,
        eventId,
        ...(channel && { channel, since: since?.get(channel) }),
        get id() {
          ids.push(id)
          return id
        },
        get number() {
          ids.push(`${number}`)
          return number
        },
      }
      // Each function reads the fields of its own kind of call.
      const wire = send[kind]?.(call as never)
      if (wire === undefined) return []
      return [{ wire, keys: keysOf(kind, ids, channel), ...(channel && { channels: [channel] }) }]
    }

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      const { kind } = intent
      if (kind === 'presence') return undefined
      if ('channels' in intent) {
        return intent.channels.flatMap((channel) => message(intent, channel))
      }
      if (kind === 'hello') return receive.welcome && message(intent)
      const sent = message(intent)
      return sent.length ? sent : undefined
    }

    return {
      ...plainDialect,
      name,
      capabilities: {
        ...plainDialect.capabilities,
        acks: keysOf('subscribe', uses.has('id in send.subscribe') ? [''] : []).length > 0,
        recovery: uses.has('since in send'),
      },
      heartbeat: send.ping ? 'ping' : receive.ping ? 'server' : 'none',
      fatalCloseCodes,
      ...(snapshots && { snapshots }),
      ...(uses.has('params in send') && { channelOf: (channel: string) => channel }),
      url: (base, { token, query }) =>
        withQuery(base, {
          ...query,
          ...(parameter && token !== undefined && { [parameter]: token }),
        }),
      decode,
      encode,
    }
  }
}

/** The members that only some intents have. */
interface Parts {
  readonly requestId?: string
  readonly id?: string | undefined
  readonly since?: ReadonlyMap<string, Position>
}
