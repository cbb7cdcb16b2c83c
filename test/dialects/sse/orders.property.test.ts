import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { SseDialectOptions } from 'wirefold/dialects/sse'
import { until } from '../../support/live.ts'
import type { SseFaults } from '../../support/peers/sse.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { following, hub, perChannel, shared } from './following.ts'

const rooms = ['room:1', 'room:2', 'room:3']
const room = fc.constantFrom(...rooms)
const step: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('publish'), room) },
  fc.tuple(fc.constantFrom('cut', 'end'), room),
  fc.tuple(fc.constant('pause'), room),
  fc.tuple(fc.constant('join'), room),
)

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const steps = fc.array(step, { minLength: 4, maxLength: 12 })

describe.each<[string, string, SseDialectOptions]>([
  ['one stream for all channels', '/events', shared],
  ['a stream for each channel', '', perChannel],
  ['one stream that names its channels', '', hub],
])('over %s', (_, path, options) => {
  /** Lets streams be lost between publishes; returns what each follower saw, and what was published for it. */
  async function story(steps: readonly (readonly [string, string])[], faults: SseFaults) {
    const server = await sseBackend(faults)
    // Without the random part of waits, which would only make the test longer.
    const { follow } = following(server.origin + path, options, {}, { random: () => 0 })
    let published = 0
    const expected = new Map<string, string[]>()
    const followers = new Map<string, ReturnType<typeof follow>>()
    // An event from before a subscribe may still be on its way on a stream that is behind.
    const publish = (channel: string): void => {
      if (!followers.has(channel)) return
      published++
      expected.get(channel)?.push(`said ${published}`)
      server.publish(channel, 'said', { text: published })
    }
    /** Waits for the newest event of a channel; without a replay, one during an outage is lost: sends another. */
    const settled = async (channel: string): Promise<void> => {
      const hasNewest = (): boolean =>
        followers.get(channel)?.received.at(-1) === expected.get(channel)?.at(-1)
      while (faults.withoutIds && !hasNewest()) {
        publish(channel)
        for (let turn = 0; turn < 40 && !hasNewest(); turn++) await pause(5)
      }
      await until(() => expect(hasNewest()).toBe(true))
    }
    const join = async (channel: string): Promise<void> => {
      if (followers.has(channel)) return
      const one = follow(channel)
      followers.set(channel, one)
      await one.handle.ready
      expected.set(channel, [])
      // From the first id on, a stream can be continued.
      publish(channel)
      await settled(channel)
    }
    await join('room:1')
    for (const [what, channel] of steps) {
      if (what === 'publish') publish(channel)
      else if (what === 'join') await join(channel)
      else if (what === 'pause') await pause(20)
      else server.drop(channel, what === 'cut' ? 'cut' : 'end')
    }
    for (const channel of rooms) publish(channel)
    for (const channel of followers.keys()) await settled(channel)
    return [...followers].map(([channel, one]) => ({ ...one, expected: expected.get(channel) }))
  }

  test.prop([steps], { numRuns: 12, endOnFailure: true })(
    'every event of a channel is delivered once and in order, however streams are lost',
    async (given) => {
      for (const { received, statuses, expected } of await story(given, {})) {
        await until(() => expect(received).toEqual(expected))
        await until(() => expect(statuses.at(-1)).toBe('live'))
        expect(statuses).not.toContain('gap')
      }
    },
  )

  test.prop([steps], { numRuns: 12, endOnFailure: true })(
    'an event that is not delivered is a gap, where there are no ids',
    async (given) => {
      for (const { received, statuses, expected } of await story(given, { withoutIds: true })) {
        // The gap may follow the first event behind it.
        const isWhole = (): boolean => received.length === expected?.length
        await until(() => expect(isWhole() || statuses.includes('gap')).toBe(true))
        expect(expected?.filter((text) => received.includes(text))).toEqual(received)
      }
    },
  )
})
