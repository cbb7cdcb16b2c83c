import { describe, expect, it } from 'vitest'
import { isWirefoldError } from 'wirefold'
import { jsonCodec } from 'wirefold/dialects'
import { heapBytes } from './heap.ts'
import { rig } from './rig.ts'

/** Number of frames of each kind. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 100_000) / 10
const LONGEST_MS = 600_000
/** The length of generated names in characters, which is the longest valid id. */
const NAME = 128
/** Smaller than the size of a table with all names of the shortest run. */
const MOST_GROWN_BYTES = 500_000

/** A new text of about this length, which shares no memory with others. */
const fresh = (length: number, of: number) =>
  Array(Math.floor(length / 8))
    .fill(1e6 + of)
    .join()

describe('a client', () => {
  it.each<[string, (name: string) => unknown]>([
    ['replies without a request', (name) => ({ type: 'reply', requestId: name, payload: name })],
    [
      'errors without a request',
      (name) => ({ type: 'error', requestId: name, payload: { code: name } }),
    ],
    ['errors with ever new codes', (name) => ({ type: 'error', payload: { code: name } })],
    ['events of unknown channels', (name) => ({ type: 'x', channel: name, id: name })],
    ['events of unknown families', (name) => ({ type: 'x', channel: 'wanted', via: name })],
    ['events with ever new ids and types', (name) => ({ type: name, channel: 'wanted', id: name })],
    ['revocations of unknown channels', (name) => ({ type: 'unsubscribed', channel: name })],
    [
      'positions of unknown channels',
      (name) => ({ type: 'pong', payload: { offsets: { [name]: [name, 1] } } }),
    ],
    [
      'contexts of ever new kinds',
      (name) => ({ type: 'x', channel: 'docs', id: name, payload: { kind: name } }),
    ],
    [
      'contexts of ever new entities',
      (name) => ({
        type: 'x',
        channel: 'docs',
        payload: { kind: 'Doc', path: name, event_id: name, payload: { content: name, type: 'x' } },
      }),
    ],
    ['messages of ever new types', (name) => ({ type: name })],
    ['invalid messages', (name) => [name, name]],
  ])(
    'uses no additional memory for %s',
    async (_, make) => {
      const page = await rig('open', false)
      const give = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++) {
          await page.inject(JSON.stringify(make(String(n).padStart(NAME, 'n'))))
          if (n % 100 > 0) continue
          await page.prove()
          page.events.length = 0
          page.errors.length = 0
          page.server.messages.length = 0
        }
      }
      const warm = FRAMES / 2
      await give(0, warm)
      const before = heapBytes()
      await give(warm, FRAMES)
      expect(heapBytes() - before).toBeLessThan(MOST_GROWN_BYTES)
      page.expectBounded()
    },
    LONGEST_MS,
  )
})

describe('a registry that deduplicates', () => {
  it('does not store ids that exceed the maximum length', async () => {
    const page = await rig()
    const before = heapBytes()
    for (let n = 0; n < 50; n++) {
      const payload = { kind: 'Doc', path: '/a', n }
      const id = fresh(1_000_000, n)
      await page.inject(JSON.stringify({ type: 'x', channel: 'docs', id, payload }))
    }
    expect(heapBytes() - before).toBeLessThan(5_000_000)
    expect(page.effect()).toEqual({ entities: ['/a'] })
  })
})

describe('a bad-frame error', () => {
  it('does not retain the frame', () => {
    const errors: unknown[] = []
    const before = heapBytes()
    for (let n = 0; n < 20; n++) {
      try {
        jsonCodec.decode(fresh(2_000_000, n))
      } catch (error) {
        errors.push(error)
      }
    }
    expect(heapBytes() - before).toBeLessThan(1_000_000)
    expect(errors.every((error) => isWirefoldError(error, 'bad-frame'))).toBe(true)
  })
})
