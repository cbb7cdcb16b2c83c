import type { DialectFactory } from 'wirefold/dialects'
import { phoenix, supabase, withBinary } from 'wirefold/dialects/phoenix'
import type { DialectHarness } from 'wirefold/testing'
import { packed } from '../../support/peers/phoenix.ts'
import { recordedTalk } from './recorded.ts'

const JOIN_REF = '1'

const replyOn = (topic: string) => {
  return [JOIN_REF, JOIN_REF, topic, 'phx_reply', { status: 'ok', response: { a: 1 } }]
}

/** A dialect that has joined `room:1` under the ref "1", so that messages of that topic are read. */
const joined =
  (dialect: DialectFactory, topic: string): DialectFactory =>
  () => {
    const one = dialect()
    const channels = ['room:1', 'presence:room:1']
    one.encode({ kind: 'subscribe', timestamp: 1, requestId: 'j', channels, since: new Map() })
    one.decode(replyOn(topic))
    return one
  }

/** The recorded messages of the server, as if the topic were the one that is joined. */
const received = (name: 'phoenix' | 'supabase', topic: string): readonly unknown[] => {
  const messages = recordedTalk(name).flatMap(({ dir, message }) => {
    if (dir !== 's2c') return []
    if (message instanceof Uint8Array) return [message]
    const [joinRef, ref, , event, payload] = message
    return [[joinRef && JOIN_REF, ref, topic, event, payload]]
  })
  return [replyOn(topic), ...messages]
}

const answer = (wire: unknown): unknown => {
  if (wire instanceof Uint8Array) return undefined
  const [joinRef, ref, topic]: readonly unknown[] = Array.isArray(wire) ? wire : []
  return [joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]
}

const rooms = phoenix({ track: (action, meta) => [action, meta] })
const project = supabase({ apikey: 'anon' })
const bytes = Uint8Array.of(0, 255)

/** The dialects of Phoenix Channels and Supabase Realtime, each with messages of its backend. */
export const phoenixHarnesses: Readonly<Record<string, DialectHarness>> = {
  phoenix: {
    dialect: joined(rooms, 'room:1'),
    messages: received('phoenix', 'room:1'),
    answer,
  },
  'phoenix, binary': {
    dialect: joined(withBinary(rooms), 'room:1'),
    messages: [
      ...received('phoenix', 'room:1'),
      packed(0, [JOIN_REF, 'room:1', 'uploaded'], [], bytes),
      packed(1, [JOIN_REF, '7', 'room:1', 'ok'], [], bytes),
      packed(2, ['room:1', 'uploaded'], [], bytes),
    ],
    answer,
  },
  supabase: {
    dialect: joined(project, 'realtime:room:1'),
    messages: received('supabase', 'realtime:room:1'),
    answer,
  },
}
