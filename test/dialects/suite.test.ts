import { describe, expect, it } from 'vitest'
import type { Dialect, Frame } from 'wirefold/dialects'
import { entity } from 'wirefold/dialects/entity'
import { type DialectHarness, dialectSuite } from 'wirefold/testing'
import { harnesses } from './harnesses.ts'

describe.each(Object.entries(harnesses))('the dialect %s', (_, harness) => {
  it.each(dialectSuite)('$name', ({ run }) => run(() => harness))
})

/** Returns the checks of the suite that a dialect fails. */
async function broken(harness: DialectHarness): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of dialectSuite) await run(() => harness).catch(() => names.push(name))
  return names
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
  const alterations: Record<string, [harness: DialectHarness, caught: string]> = {
    'throws at null': [
      altered(({ decode }) => ({ decode: (wire) => decode((wire as object).valueOf()) })),
      'never throws on any message, and returns frames that match their types',
    ],
    'omits a field of a frame': [
      altered(({ decode }) => ({
        decode: (wire) => {
          const { payload, ...frame } = { payload: 0, ...decode(wire) }
          return payload === 0 ? ({ kind: 'ping', timestamp: 'now' } as never) : (frame as Frame)
        },
      })),
      'never throws on any message, and returns frames that match their types',
    ],
    'reports a malformed message twice': [
      altered(({ decode }) => ({
        decode: (wire) => {
          const frame = decode(wire)
          return frame && 'kind' in frame && frame.kind === 'notice' ? [frame, frame] : frame
        },
      })),
      'decodes a value that is no object to one notice at most, and to nothing else',
    ],
    'reports every message as malformed': [
      altered(() => ({
        decode: (wire) => ({ kind: 'notice', level: 'malformed', reason: '', wire }),
      })),
      'understands every message of its backend',
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
    ],
    'shares its state between connections': [
      altered(() => ({ decode: (wire) => shared.decode(wire) })),
      'shares no state between sockets',
    ],
    'encodes values that JSON cannot represent': [
      altered(() => ({ encode: () => [{ wire: undefined, keys: [] }] })),
      'encodes every intent as plain JSON, or does not support it',
    ],
    'omits a channel': [
      altered(({ encode }) => ({
        encode: (intent) => ('channels' in intent ? encode(intent)?.slice(1) : encode(intent)),
      })),
      'covers every channel of a subscribe by exactly one of its messages',
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
    ],
    'expects replies that never come': [
      altered(({ capabilities }) => ({ capabilities: { ...capabilities, acks: false } })),
      'expects replies only if there are any, under first keys that no other message has',
    ],
    'does not recognise a reply': [
      altered(({ encode }) => ({
        encode: (intent) => encode(intent)?.map((outgoing) => ({ ...outgoing, keys: ['other'] })),
      })),
      'recognises the replies to its messages',
    ],
    'removes the query of an address': [
      altered(() => ({ url: (base) => base.replace(/\?.*/, '') })),
      'keeps all parts of an address, and returns the same result each time',
    ],
    'appends to an address on every call': [
      altered(() => ({ url: (base) => `${base}&n=${seen.push(base)}` })),
      'keeps all parts of an address, and returns the same result each time',
    ],
    'matches by prefix': [
      altered(() => ({ match: (channel, pattern) => channel.startsWith(pattern.slice(0, 4)) })),
      'matches no channel with another that is not a pattern',
    ],
    'treats a normal close as fatal': [
      altered(() => ({ fatalCloseCodes: [1000] })),
      'has valid numbers',
    ],
  }

  it('finds no failures in a correct dialect', async () => {
    expect(await broken(altered(() => ({})))).toEqual([])
  })

  it.each(Object.entries(alterations))(
    'detects a dialect that %s',
    async (_, [harness, caught]) => {
      expect(await broken(harness)).toContain(caught)
    },
  )

  it('has a failing dialect for each of its checks', () => {
    const caught = new Set(Object.values(alterations).map(([, name]) => name))
    expect(dialectSuite.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([])
  })
})
