import { describe, expect, it } from 'vitest'
import type { Dialect, Frame } from 'wirefold/dialects'
import { binaryCodec } from 'wirefold/dialects'
import { entity } from 'wirefold/dialects/entity'
import { type DialectHarness, dialectSuite } from 'wirefold/testing'
import { harnesses } from './harnesses.ts'

describe.each(Object.entries(harnesses))('the dialect %s', (_, harness) => {
  it.each(dialectSuite)('$name', ({ run }) => run(() => harness))
})

/** Returns the messages with which a dialect fails cases of the suite, by their names. */
async function failures(harness: DialectHarness): Promise<Record<string, string>> {
  const messages: Record<string, string> = {}
  for (const { name, run } of dialectSuite) {
    await run(() => harness).catch((error: Error) => {
      messages[name] = error.message
    })
  }
  return messages
}

/** The entity dialect with some parts replaced. */
function altered(alter: (dialect: Dialect) => Partial<Dialect>): DialectHarness {
  const sound = harnesses.entity
  if (!sound) throw new Error('The entity harness is missing.')
  return {
    ...sound,
    dialect: () => {
      const dialect = entity()
      return { ...dialect, ...alter(dialect) }
    },
  }
}

describe('the dialect suite', () => {
  const shared = entity()
  const seen: unknown[] = []
  const alterations: Record<
    string,
    [harness: DialectHarness, caught: string, did: string, change: string]
  > = {
    'throws at null': [
      altered(({ decode }) => ({ decode: (wire) => decode((wire as object).valueOf()) })),
      'never throws on any message, and returns frames that match their types',
      'decode() of "undefined" threw TypeError: Cannot read',
      'Create frames with the constructors',
    ],
    'omits a field of a frame': [
      altered(({ decode }) => ({
        decode: (wire) => {
          const { payload, ...frame } = { payload: 0, ...decode(wire) }
          return payload === 0 ? ({ kind: 'ping', timestamp: 'now' } as never) : (frame as Frame)
        },
      })),
      'never throws on any message, and returns frames that match their types',
      'returned {"kind":"ping","timestamp":"now"}, and frame.timestamp has to be a finite number or undefined.',
      'Create frames with the constructors',
    ],
    'reports a malformed message twice': [
      altered(({ decode }) => ({
        decode: (wire) => {
          const frame = decode(wire)
          return frame && 'kind' in frame && frame.kind === 'notice' ? [frame, frame] : frame
        },
      })),
      'decodes a value that is no object to one notice at most, and to nothing else',
      'decode() of undefined returned frames of the kinds notice,notice.',
      'Return one noticeFrame',
    ],
    'reports every message as malformed': [
      altered(() => ({
        decode: (wire) => ({ kind: 'notice', level: 'malformed', reason: '', wire }),
      })),
      'understands every message of its backend',
      'returned a malformed notice, ',
      "return noticeFrame('ignored', …)",
    ],
    'changes the message that it decodes': [
      altered(({ decode }) => ({
        decode: (wire) => {
          const frames = decode(wire)
          if (typeof wire === 'object' && wire) Object.assign(wire, { read: true })
          return frames
        },
      })),
      'does not change the messages it decodes',
      "threw TypeError: Cannot assign to read only property 'read'",
      'Change a copy of the message',
    ],
    'shares its state between connections': [
      altered(() => ({ decode: (wire) => shared.decode(wire) })),
      'shares no state between sockets',
      'after another socket was used.',
      'Create all state in the factory',
    ],
    'encodes values that JSON cannot represent': [
      altered(() => ({ encode: () => [{ wire: undefined, keys: [] }] })),
      'encodes every intent as plain JSON or as bytes, or does not support it',
      'encode() of hello returned the message undefined.',
      'Make messages of objects',
    ],
    'encodes bytes without a codec for them': [
      altered(() => ({ encode: () => [{ wire: Uint8Array.of(1), keys: [] }] })),
      'encodes every intent as plain JSON or as bytes, or does not support it',
      'encode() of hello returned bytes, which the codec sends as text.',
      'with the codec binaryCodec',
    ],
    'encodes bytes, and says that they are joined': [
      altered(({ capabilities }) => ({
        codec: binaryCodec,
        capabilities: { ...capabilities, batches: true },
        encode: () => [{ wire: Uint8Array.of(1), keys: [] }],
      })),
      'encodes every intent as plain JSON or as bytes, or does not support it',
      'encode() of hello returned bytes, which cannot be joined.',
      'without capabilities.batches',
    ],
    'changes the bytes that it decodes': [
      {
        ...altered(() => ({
          decode: (wire) => void (wire instanceof Uint8Array && wire.reverse()),
        })),
        messages: [Uint8Array.of(1, 2)],
      },
      'does not change the messages it decodes',
      ' changed it.',
      'Change a copy of the message',
    ],
    'omits a channel': [
      altered(({ encode }) => ({
        encode: (intent) => ('channels' in intent ? encode(intent)?.slice(1) : encode(intent)),
      })),
      'covers every channel of a subscribe by exactly one of its messages',
      'encode() of subscribe ["room:1","room:2","room:*"] covers ["room:2","room:*"].',
      'Name in `channels`',
    ],
    'leaves a channel twice': [
      altered(({ encode }) => ({
        encode: (intent) =>
          intent.kind === 'unsubscribe'
            ? encode(intent)?.map((outgoing) => ({ ...outgoing, channels: ['room:1'] }))
            : encode(intent),
      })),
      'covers every channel of a subscribe by exactly one of its messages',
      'encode() of unsubscribe ["room:1","room:2"] covers ["room:1","room:1"].',
      'Name in `channels`',
    ],
    'gives all messages of a subscribe the same key': [
      altered(({ encode }) => ({
        encode: (intent) =>
          encode(intent)?.map((outgoing) => ({
            ...outgoing,
            keys: 'requestId' in intent ? [intent.requestId] : [],
          })),
      })),
      'expects replies only if there are any, under first keys that no other message has',
      'two messages of one subscribe have the first key third:1.',
      'another one for each message of the intent',
    ],
    'expects replies that never come': [
      altered(({ capabilities }) => ({ capabilities: { ...capabilities, acks: false } })),
      'expects replies only if there are any, under first keys that no other message has',
      'a message for subscribe has the key third:1, but capabilities.acks is false.',
      'leave them empty; where it does, set capabilities.acks',
    ],
    'does not recognise a reply': [
      altered(({ encode }) => ({
        encode: (intent) => encode(intent)?.map((outgoing) => ({ ...outgoing, keys: ['other'] })),
      })),
      'recognises the replies to its messages',
      'the reply to a subscribe, {"type":"subscribed"',
      'Name in `to` of the frame',
    ],
    'removes the query of an address': [
      altered(() => ({ url: (base) => base.replace(/\?.*/, '') })),
      'keeps all parts of an address, and returns the same result each time',
      "url('ws://host/path?keep=1') returned ws://host/path.",
      'Add to the query',
    ],
    'appends to an address on every call': [
      altered(() => ({ url: (base) => `${base}&n=${seen.push(base)}` })),
      'keeps all parts of an address, and returns the same result each time',
      'url() returned ws://host/path&n=',
      'Add to the query',
    ],
    'matches by prefix': [
      altered(() => ({ match: (channel, pattern) => channel.startsWith(pattern.slice(0, 4)) })),
      'matches no channel with another that is not a pattern',
      "match('room:1', 'room:2') returned true.",
      'Return true only for a family',
    ],
    'returns null': [
      altered(({ decode }) => ({ decode: (wire) => (wire === 7 ? null : decode(wire)) as never })),
      'decodes a value that is no object to one notice at most, and to nothing else',
      'decode() of 7 returned null.',
      'Return one noticeFrame',
    ],
    'invents a field of a frame': [
      altered(() => ({ decode: () => ({ kind: 'ping', timestamp: 1, sentAt: 1 }) as never })),
      'never throws on any message, and returns frames that match their types',
      'and frame.sentAt is no field of its kind.',
      'Create frames with the constructors',
    ],
    'throws at a subscribe': [
      altered(({ encode }) => ({
        encode: (intent) =>
          intent.kind === 'subscribe' ? encode(undefined as never) : encode(intent),
      })),
      'encodes every intent as plain JSON or as bytes, or does not support it',
      'encode() of subscribe threw TypeError: ',
      'Make messages of objects',
    ],
    'answers all intents under one key': [
      altered(({ encode }) => ({
        encode: (intent) => encode(intent)?.map((outgoing) => ({ ...outgoing, keys: ['reply'] })),
      })),
      'expects replies only if there are any, under first keys that no other message has',
      'messages of two intents have the first key reply.',
      'Begin `keys` with an id made of the requestId',
    ],
    'returns an invalid address': [
      altered(() => ({ url: () => '' })),
      'keeps all parts of an address, and returns the same result each time',
      "url('ws://host/path?keep=1') threw TypeError: Invalid URL.",
      'Add to the query',
    ],
    'has a negative interval': [
      altered(() => ({ presets: { heartbeatMs: -1 } })),
      'has valid numbers',
      'the preset heartbeatMs is -1.',
      'Use numbers from 0',
    ],
    'does not send the pings that it promises': [
      altered(({ encode }) => ({
        encode: (intent) => (intent.kind === 'ping' ? undefined : encode(intent)),
      })),
      'has valid numbers',
      'encode() of ping returned 0 messages.',
      'encode a ping as one message',
    ],
    'ignores the parameters that it takes': [
      altered(() => ({ channelOf: (name) => name })),
      'carries the parameters of a subscribe, or takes none',
      'encode() of a subscribe with {"a":1,"b":2} returned the same as with other parameters.',
      'send `params` of a subscribe',
    ],
    'names a channel with parameters in its own way': [
      altered(() => ({ channelOf: (name, params) => `${name}?${JSON.stringify(params)}` })),
      'carries the parameters of a subscribe, or takes none',
      'whose name is not room:1.',
      'or channelWith(name, params) where parameters identify a channel',
    ],
    'compares parameters by the order of their fields': [
      altered(() => ({ channelOf: (name, params) => `${name}\n${JSON.stringify(params)}` })),
      'carries the parameters of a subscribe, or takes none',
      'returned another channel than for equal parameters.',
      'channelWith(name, params)',
    ],
    'forgets the parameters that identify a channel': [
      altered(() => ({ channelOf: (name) => `${name}\n` })),
      'carries the parameters of a subscribe, or takes none',
      'returned the same channel as for other parameters.',
      'channelWith(name, params)',
    ],
    'treats a normal close as fatal': [
      altered(() => ({ fatalCloseCodes: [1000] })),
      'has valid numbers',
      'fatalCloseCodes contain 1000.',
      'close codes from 1002 to 4999',
    ],
    'treats a normal close as a refusal of the credentials': [
      altered(() => ({ deniedCloseCodes: [1000] })),
      'has valid numbers',
      'deniedCloseCodes contain 1000.',
      'close codes from 1002 to 4999',
    ],
    'connects before the connection is lost': [
      altered(() => ({ retryAfter: () => ({ floorMs: -1 }) })),
      'has valid numbers',
      'retryAfter(1006) is below 0.',
      'Use numbers from 0',
    ],
  }

  it('finds no failures in a correct dialect', async () => {
    expect(await failures(altered(() => ({})))).toEqual({})
  })

  it.each(Object.entries(alterations))(
    'detects a dialect that %s',
    async (_, [harness, caught, did, change]) => {
      const [found, rule, advice] = (await failures(harness))[caught]?.split('\n') ?? []
      expect(found).toMatch(/^The dialect entity: /)
      expect(found).toContain(did)
      expect(rule).toBe(`Rule: it ${caught}.`)
      expect(advice).toMatch(/^Change: /)
      expect(advice).toContain(change)
    },
  )

  it('names a factory that throws', async () => {
    const broken = (): never => {
      throw new Error('no state')
    }
    const messages = Object.values(await failures({ dialect: broken, messages: [] }))
    expect(messages).toHaveLength(dialectSuite.length)
    for (const message of messages) {
      expect(message).toContain('The dialect broken: The factory threw Error: no state.\nRule: it ')
    }
  })

  it('has a failing dialect for each of its checks', () => {
    const caught = new Set(Object.values(alterations).map(([, name]) => name))
    expect(dialectSuite.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([])
  })
})
