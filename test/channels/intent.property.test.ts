import { fc, test } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { scripted } from '../support/scripted.ts'
import { wideDialect } from '../support/wide-dialect.ts'

const NAMES = ['a', 'b', 'c'] as const

/** Every step that can affect subscriptions, in any order. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('subscribe'), on: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('release'), on: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(0, 1, 5, 50, 250, 400, 11_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deafen') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse'), on: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('allow'), on: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke'), on: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end'), on: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose'), on: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close') }) },
)
type Step = { do: string; on?: string; ms?: number }

beforeEach(() => {
  // The server may be silent from the beginning.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

describe('subscriptions', () => {
  test.prop([fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 30 })], {
    numRuns: 1_000,
    examples: [
      // The client closes while a ping is on its way to the server.
      [
        [
          { do: 'subscribe', on: 'a' },
          { do: 'refuse', on: 'a' },
          { do: 'pass', ms: 50 },
          { do: 'pass', ms: 11_000 },
        ],
        13,
      ],
    ],
  })(
    'end in the state that the application last requested, after any steps',
    async (steps, latencyMs) => {
      const refused = new Set<string>()
      const { clock, server, client } = scripted(
        { latencyMs, refuse: (channel) => (refused.has(channel) ? 'forbidden' : undefined) },
        { dialect: () => wideDialect() },
      )
      const channels = new ChannelSubscriber(client)
      const handles = new Map<string, (() => void)[]>(NAMES.map((name) => [name, []]))
      const held = (name = '') => handles.get(name) ?? []

      for (const { do: what, on, ms = 0 } of steps as Step[]) {
        if (what === 'subscribe' && on) held(on).push(channels.subscribe(on, () => {}))
        else if (what === 'release') held(on).pop()?.()
        else if (what === 'pass') await clock.advance(ms)
        else if (what === 'refuse' && on) refused.add(on)
        else if (what === 'allow' && on) refused.delete(on)
        else if (what === 'deafen') server.silent = !server.silent
        else if (what === 'close') {
          client.close()
          void client.connect()
        } else if (server.transport.ends.length > 0) {
          if (what === 'drop') server.drop()
          if (what === 'revoke' && on && server.subscribed.delete(on)) {
            server.send({ type: 'unsubscribed', channel: on, payload: { code: 'forbidden' } })
          }
          const type = what === 'end' ? 'ended' : what === 'lose' ? 'dropped' : undefined
          if (type && on && server.subscribed.delete(on)) server.send({ type, channel: on })
        }
      }
      // From here on nothing fails. The test subscribes again to channels that were refused or have ended.
      server.silent = false
      refused.clear()
      void client.connect()
      await clock.advance(120_000)
      for (const name of NAMES) {
        if (held(name).length > 0) held(name).push(channels.subscribe(name, () => {}))
      }
      await clock.advance(120_000)

      const wanted = NAMES.filter((name) => held(name).length > 0)
      expect([...server.subscribed].sort()).toEqual(wanted)
      expect(channels.size).toBe(wanted.length)
      client.close()
      // A frame that the client sent just before reaches the server, and its reply the client.
      await clock.advance(2 * latencyMs)
      expect(clock.timers).toBe(0)
    },
  )
})
