import { asInteger, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  pingFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'
import type { JsonReceive } from './declaration.ts'

/** Returns the key under which the reply to a subscribe is awaited that names only its channel. */
export function subscribeKey(channel: string): string {
  return `subscribe ${channel}`
}

/** Return the frames of a message, of the fields of its rule; throw an error where one is missing. */
export const frames: {
  readonly [K in keyof JsonReceive]-?: (found: Fields, wire: unknown) => Frame | readonly Frame[]
} = {
  event: (found, wire) =>
    eventFrame(needed(found, 'channel'), needed(found, 'type'), {
      payload: wire,
      ...found,
      id: textOf(found.id),
    }),
  reply: (found, wire) => {
    const { payload } = { payload: wire, ...found }
    return replyFrame([needed(found, 'id')], payload)
  },
  subscribed(found) {
    const channel = textOf(found.channel)
    const to = [textOf(found.id), channel && subscribeKey(channel)].filter(
      (key) => key !== undefined,
    )
    if (!to.length) throw new Error('it has no id and no channel')
    const offset = asInteger(found.offset, 0)
    const position = { epoch: textOf(found.epoch) ?? '', offset: offset ?? 0 }
    return subscribedFrame(to, {
      at: new Map(channel && offset !== undefined ? [[channel, position]] : []),
      gaps: channel && found.gap === true ? [channel] : [],
    })
  },
  error(found, wire) {
    const error = readPeerRefusal({ ...found, code: textOf(found.code) }, wire)
    const id = textOf(found.id)
    const channel = textOf(found.channel)
    if (id) return refusalFrame([id], error)
    if (!channel) return refusalFrame([], error)
    // The subscribe is under way, or was accepted before.
    return [refusalFrame([subscribeKey(channel)], error), unsubscribedFrame(channel, error)]
  },
  welcome: (found) => welcomeFrame({ ...found, userId: textOf(found.userId) }),
  ping: ({ timestamp }) => pingFrame(timestamp),
  pong: (found) => pongFrame(found),
  expiring: ({ expiresAt }) => ({ kind: 'expiring', expiresAt: asNumber(expiresAt) }),
  ignored: (_, wire) => noticeFrame('ignored', 'it is declared as ignored', wire),
}

function needed(found: Fields, field: string): string {
  const text = textOf(found[field])
  if (!text) throw new Error(`it has no ${field}`)
  return text
}

/** Returns a text, or a number as text: backends count their ids. */
function textOf(value: unknown): string | undefined {
  return asString(value) ?? asNumber(value)?.toString()
}
