import { describe, expect, it } from 'vitest'
import type { Dialect, Frame } from 'wirefold/dialects'
import { entity } from 'wirefold/dialects/entity'
import { type DialectHarness, dialectSuite } from 'wirefold/testing'
import { harnesses } from './harnesses.ts'

describe.each(Object.entries(harnesses))('the dialect %s', (_, harness) => {
  it.each(dialectSuite)('$name', ({ run }) => run(() => harness))
})

/** The promises that a dialect breaks. */
async function broken(harness: DialectHarness): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of dialectSuite) await run(() => harness).catch(() => names.push(name))
  return names
}

/** The entity dialect with one thing about it spoilt. */
function spoilt(spoil: (dialect: Dialect) => Partial<Dialect>): DialectHarness {
  const sound = harnesses.entity
  if (!sound) throw new Error('There is no such harness.')
  return {
    ...sound,
    dialect: () => {
      const dialect = entity()
      return { ...dialect, ...spoil(dialect) }
    },
  }
}

describe('the dialect suite', () => {
  const shared = entity()
  const seen: unknown[] = []
  const spoilers: Record<string, [harness: DialectHarness, caught: string]> = {
    'throws at null': [
      spoilt(({ decode }) => ({ decode: (wire) => decode((wire as object).valueOf()) })),
      'never throws on any message, and returns frames that match their types',
    ],
    'leaves a field of a frame out': [
      spoilt(({ decode }) => ({
        decode: (wire) => {
          const { payload, ...frame } = { payload: 0, ...decode(wire) }
          return payload === 0 ? ({ kind: 'ping', timestamp: 'now' } as never) : (frame as Frame)
        },
      })),
      'never throws on any message, and returns frames that match their types',
    ],
    'reports an odd message twice': [
      spoilt(({ decode }) => ({
        decode: (wire) => {
          const frame = decode(wire)
          return frame && 'kind' in frame && frame.kind === 'notice' ? [frame, frame] : frame
        },
      })),
      'decodes a value that is no object to one notice at most, and to nothing else',
    ],
    'finds everything malformed': [
      spoilt(() => ({
        decode: (wire) => ({ kind: 'notice', level: 'malformed', reason: '', wire }),
      })),
      'understands every message of its backend',
    ],
    'changes what it reads': [
      spoilt(({ decode }) => ({
        decode: (wire) => {
          const frames = decode(wire)
          if (typeof wire === 'object' && wire) Object.assign(wire, { read: true })
          return frames
        },
      })),
      'does not change the messages it decodes',
    ],
    'has one memory for all sockets': [
      spoilt(() => ({ decode: (wire) => shared.decode(wire) })),
      'shares no state between sockets',
    ],
    'sends values that JSON cannot hold': [
      spoilt(() => ({ encode: () => [{ wire: undefined, keys: [] }] })),
      'encodes every intent as plain JSON, or does not support it',
    ],
    'forgets a channel': [
      spoilt(({ encode }) => ({
        encode: (intent) => ('channels' in intent ? encode(intent)?.slice(1) : encode(intent)),
      })),
      'covers every channel of a subscribe by exactly one of its messages',
    ],
    'gives all messages of a subscribe one key': [
      spoilt(({ encode }) => ({
        encode: (intent) =>
          encode(intent)?.map((outgoing) => ({
            ...outgoing,
            keys: 'requestId' in intent ? [intent.requestId] : [],
          })),
      })),
      'expects replies only if there are any, under first keys that no other message has',
    ],
    'waits for answers that do not come': [
      spoilt(({ capabilities }) => ({ capabilities: { ...capabilities, acks: false } })),
      'expects replies only if there are any, under first keys that no other message has',
    ],
    'does not know an answer': [
      spoilt(({ encode }) => ({
        encode: (intent) => encode(intent)?.map((outgoing) => ({ ...outgoing, keys: ['other'] })),
      })),
      'recognises the replies to its messages',
    ],
    'takes the query of an address away': [
      spoilt(() => ({ url: (base) => base.replace(/\?.*/, '') })),
      'keeps all parts of an address, and returns the same result each time',
    ],
    'adds to an address more and more': [
      spoilt(() => ({ url: (base) => `${base}&n=${seen.push(base)}` })),
      'keeps all parts of an address, and returns the same result each time',
    ],
    'matches by prefix': [
      spoilt(() => ({ match: (channel, pattern) => channel.startsWith(pattern.slice(0, 4)) })),
      'matches no channel with another that is not a pattern',
    ],
    'gives up at a normal close': [
      spoilt(() => ({ fatalCloseCodes: [1000] })),
      'has valid numbers',
    ],
  }

  it('finds nothing wrong with a sound one', async () => {
    expect(await broken(spoilt(() => ({})))).toEqual([])
  })

  it.each(Object.entries(spoilers))('catches a dialect that %s', async (_, [harness, caught]) => {
    expect(await broken(harness)).toContain(caught)
  })

  it('has a dialect that spoils each of its promises', () => {
    const caught = new Set(Object.values(spoilers).map(([, name]) => name))
    expect(dialectSuite.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([])
  })
})
