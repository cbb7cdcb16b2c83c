import { describe, expect, it } from 'vitest'
import type { Dialect, DialectFactory, Frame, Intent } from 'wirefold/dialects'
import { phoenix, supabase } from 'wirefold/dialects/phoenix'
import { phoenixRules, supabaseRules } from './rules.ts'

const rooms = phoenix({
  track: (action, meta) => (action === 'leave' ? ['untrack'] : ['track', meta]),
})
const project = supabase({ apikey: 'anon' })

describe('the dialect phoenix', () => {
  it.each(Object.entries(phoenixRules))('%s', (_, rule) => rule(rooms))
})

describe('the dialect supabase', () => {
  it.each(Object.entries(supabaseRules))('%s', (_, rule) => rule(project))
})

type Message = readonly unknown[]

/** A dialect with parts replaced. */
const altered =
  (sound: DialectFactory, alter: (dialect: Dialect) => Partial<Dialect>): DialectFactory =>
  () => {
    const dialect = sound()
    return { ...dialect, ...alter(dialect) }
  }
/** Changes the messages of the server before they are decoded. */
const reading = (sound: DialectFactory, change: (message: Message) => Message) =>
  altered(sound, ({ decode }) => ({ decode: (wire) => decode(change(wire as Message)) }))
/** Changes the frames. */
const framing = (sound: DialectFactory, change: (frame: Frame) => readonly Frame[]) =>
  altered(sound, ({ decode }) => ({
    decode: (wire) => [decode(wire) ?? []].flat().flatMap(change),
  }))
/** Changes the messages of the client; `undefined` leaves one out. */
const writing = (
  sound: DialectFactory,
  change: (message: Message, intent: Intent, index: number) => Message | undefined,
) =>
  altered(sound, ({ encode }) => ({
    encode: (intent) =>
      encode(intent)?.flatMap((outgoing, index) => {
        const wire = change(outgoing.wire as Message, intent, index)
        return wire ? [{ ...outgoing, wire }] : []
      }),
  }))

const as = (name: string, other: string) => (message: Message) =>
  message.map((part) => (part === name ? other : part))
const withPayload = (message: Message, change: (payload: object) => unknown): Message => {
  return [...message.slice(0, 4), change(Object(message[4]))]
}

/** Dialects with one rule broken, by the rule that has to fail. */
const phoenixTwins: readonly (readonly [rule: string, twin: DialectFactory])[] = [
  [
    'drops the messages of a join that was replaced',
    reading(rooms, ([joinRef, ...rest]) => [rest[2] === 'news' ? null : joinRef, ...rest]),
  ],
  [
    'does not repeat a refused join',
    framing(rooms, (frame) =>
      frame.kind === 'refusal'
        ? [{ ...frame, error: { ...frame.error, retryAfterMs: 10_000 } }]
        : [frame],
    ),
  ],
  [
    'joins a crashed topic again, after growing waits',
    reading(rooms, as('phx_error', 'phx_close')),
  ],
  [
    'joins again after a join that crashed',
    framing(rooms, (frame) =>
      frame.kind === 'refusal'
        ? [{ ...frame, error: { code: 'join-crashed', message: '', retryable: false } }]
        : [frame],
    ),
  ],
  ['ends with a topic that the server closes', reading(rooms, as('phx_close', 'phx_error'))],
  [
    'joins a topic once for its events and its presence',
    writing(rooms, (message, intent) =>
      intent.kind === 'subscribe' && message[2] === 'phoenix'
        ? [message[1], message[1], 'lobby', 'phx_join', {}]
        : message,
    ),
  ],
  [
    'keeps changes of the members that overtake their list',
    altered(rooms, ({ decode }) => {
      let isListed = false
      return {
        decode(wire) {
          const [, , , event] = wire as Message
          isListed ||= event === 'presence_state'
          return event === 'presence_diff' && !isListed ? [] : decode(wire)
        },
      }
    }),
  ],
  [
    'recognises a device by its phx_ref',
    reading(rooms, (message) =>
      message[3] === 'presence_diff'
        ? withPayload(message, (diff) => JSON.parse(JSON.stringify(diff).replaceAll('F2', 'F9')))
        : message,
    ),
  ],
  [
    'tracks again after every join',
    writing(rooms, (message, { kind }) =>
      kind === 'subscribe' && message[3] === 'track' ? undefined : message,
    ),
  ],
  [
    'tracks again where only presence needs the topic',
    writing(rooms, (message, intent) =>
      'action' in intent && intent.action === 'heartbeat' ? undefined : message,
    ),
  ],
  [
    'keeps a connection whose heartbeats are answered',
    writing(rooms, (message, { kind }) => (kind === 'ping' ? ['', ...message] : message)),
  ],
]

const supabaseTwins: typeof phoenixTwins = [
  [
    'is live once the server listens to the database',
    reading(project, (message) =>
      message[3] === 'phx_reply' ? withPayload(message, () => ({ status: 'ok' })) : message,
    ),
  ],
  [
    'takes the changes of its present join only',
    reading(project, (message) =>
      message[3] === 'postgres_changes'
        ? withPayload(message, (payload) => ({ ...payload, ids: [40_000_001, 40_000_002] }))
        : message,
    ),
  ],
  [
    'joins a channel again that the server closed',
    framing(project, (frame) =>
      frame.kind === 'dropped' ? [{ kind: 'ended', channel: frame.channel }] : [frame],
    ),
  ],
  [
    'joins again with a new token where the last one has expired',
    framing(project, (frame) => (frame.kind === 'expiring' ? [] : [frame])),
  ],
  [
    'waits for the acknowledgement of a broadcast where the channel has them',
    altered(project, ({ encode }) => ({
      encode: (intent) =>
        encode(intent)?.map((outgoing) =>
          intent.kind === 'publish' ? { ...outgoing, keys: [] } : outgoing,
        ),
    })),
  ],
  [
    'joins for presence without being asked',
    writing(project, (message) =>
      message[3] === 'phx_join' ? withPayload(message, () => ({ config: {} })) : message,
    ),
  ],
]

describe('a dialect with one rule broken fails the rule', () => {
  it.each(phoenixTwins)('phoenix: %s', (rule, twin) =>
    expect(phoenixRules[rule]?.(twin)).rejects.toThrow(),
  )
  it.each(supabaseTwins)('supabase: %s', (rule, twin) =>
    expect(supabaseRules[rule]?.(twin)).rejects.toThrow(),
  )

  it('exists for each rule', () => {
    const names = [...phoenixTwins, ...supabaseTwins].map(([rule]) => rule)
    expect(names).toEqual(Object.keys({ ...phoenixRules, ...supabaseRules }))
  })
})
