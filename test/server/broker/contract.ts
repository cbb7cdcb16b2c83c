import { describe, expect, it } from 'vitest'
import type { Position } from 'wirefold'
import type { Broker, ChannelEvent } from 'wirefold/server'
import type { ChannelListener } from '../../../src/server/broker/broker.ts'
import { event, eventListener, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'

/** The broker under test. */
export interface BrokerSetup {
  /** Whether missed events can be read; otherwise a disconnect is a gap. */
  readonly recovers: boolean
  /** Creates two brokers that share their state, as in two processes. */
  readonly nodes: () => Promise<readonly [Broker, Broker]>
}

/** Creates a listener that records its calls. */
export function recorder(): { readonly received: string[]; readonly listener: ChannelListener } {
  const received: string[] = []
  return {
    received,
    listener: {
      event: ({ offset, payload }: ChannelEvent) => received.push(`${offset}:${payload}`),
      broken: ({ offset }) => received.push(`broken:${offset}`),
    },
  }
}

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, n) => n + from)
const placed = (count: number) => numbers(count).map((n) => `${n}:${n}`)

/** The tests that every broker has to pass. */
export function brokerContract(name: string, { recovers, nodes }: BrokerSetup): void {
  describe(`${name} as a broker`, () => {
    it('counts every channel from 1 without gaps, for any publisher', async () => {
      const [a, b] = await nodes()
      const positions: Position[] = []
      for (const n of numbers(6)) positions.push(await publishOn(n % 2 ? a : b, 'a', event(n)))
      expect(positions.map(({ offset }) => offset)).toEqual(numbers(6))
      expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(1)
      expect((await publishOn(a, 'b', event())).offset).toBe(1)
      expect(await b.head('a')).toEqual(positions[5])
      expect((await a.head('never')).offset).toBe(0)
    })

    it('calls listeners on every node in order, once per event, until they are removed', async () => {
      const [a, b] = await nodes()
      const [one, two, three] = [recorder(), recorder(), recorder()]
      const off = await a.subscribe('a', one.listener)
      await b.subscribe('a', two.listener)
      await b.subscribe('a', three.listener)
      for (const n of numbers(20)) await publishOn(n % 2 ? a : b, 'a', event(n))
      await until(() => {
        for (const { received } of [one, two, three]) expect(received).toEqual(placed(20))
      })
      off()
      off()
      await publishOn(a, 'a', event(21))
      await until(() => expect(two.received).toEqual(placed(21)))
      expect(one.received).toEqual(placed(20))
    })

    it('keeps the order of concurrent publishes', async () => {
      const [a, b] = await nodes()
      const { received, listener } = recorder()
      await b.subscribe('a', listener)
      const positions = await Promise.all(numbers(300).map((n) => publishOn(a, 'a', event(n))))
      expect(positions.map(({ offset }) => offset)).toEqual(numbers(300))
      await until(() => expect(received).toEqual(placed(300)))
    })

    it('adds an event to several channels in one step, each with its own position', async () => {
      const [a, b] = await nodes()
      const family = recorder()
      await b.subscribe('agent:*', family.listener)
      await publishOn(a, 'agent:*', event(1))
      const positions = await a.publish(['agent:1', 'agent:*'], event(2, 'agent:1'))
      expect(positions.map(({ offset }) => offset)).toEqual([1, 2])
      expect(await b.head('agent:1')).toEqual(positions[0])
      await until(() => expect(family.received).toEqual(['1:1', '2:2']))
    })

    it('delivers an event unchanged', async () => {
      const [a, b] = await nodes()
      const received: ChannelEvent[] = []
      await b.subscribe(
        '名 前\u2028',
        eventListener((e) => received.push(e)),
      )
      const what = {
        source: 'source\u2028 "x" 😀',
        type: 'ty pe\n',
        json: JSON.stringify({
          a: 'line\nbreak',
          b: '\u0000😀',
          c: [1.5e300, null],
          __proto__x: 1,
        }),
        id: 'id with spaces',
        timestamp: 1_795_000_000_000.5,
      }
      const nothing = { source: 'b', type: 'n', json: undefined, id: undefined, timestamp: 0 }
      await a.publish(['名 前\u2028'], what)
      await a.publish(['名 前\u2028'], nothing)
      await until(() => expect(received).toHaveLength(2))
      expect(received[0]).toMatchObject(what)
      expect(received[1]).toMatchObject(nothing)
      expect(received[1]?.payload).toBe(undefined)
    })

    it('takes channel names literally', async () => {
      const [a, b] = await nodes()
      const { received, listener } = recorder()
      for (const name of ['*', 'a*', '[ab]', '?']) await b.subscribe(name, listener)
      for (const name of ['a', 'b', 'ab']) await publishOn(a, name, event(1))
      await publishOn(a, '?', event(2))
      await until(() => expect(received).toEqual(['1:2']))
    })

    it('knows a position on every node, and the events after it if it has histories', async () => {
      const [a, b] = await nodes()
      const [first] = [await publishOn(a, 'a', event(1))]
      for (const n of [2, 3, 4]) await publishOn(a, 'a', event(n))
      const head = await b.head('a')
      expect(await b.since('a', head)).toEqual({ head, events: [], complete: true })
      const missed = await b.since('a', first)
      expect(missed.complete).toBe(recovers)
      expect(missed.events.map(({ offset, payload }) => [offset, payload])).toEqual(
        recovers ? [2, 3, 4].map((n) => [n, n]) : [],
      )
    })

    it('resumes before the first event', async () => {
      const [a, b] = await nodes()
      const { listener } = recorder()
      await a.subscribe('quiet', listener)
      const head = await a.head('quiet')
      expect(await b.since('quiet', head)).toEqual({ head, events: [], complete: true })
      await publishOn(a, 'quiet', event(1))
      expect(await b.since('quiet', head)).toMatchObject({
        head: { epoch: head.epoch, offset: 1 },
        complete: recovers,
      })
    })

    it('does not claim continuity from an unknown position', async () => {
      const [a] = await nodes()
      await publishOn(a, 'a', event(1))
      const head = await a.head('a')
      for (const position of [
        { epoch: 'another', offset: 1 },
        { epoch: 'another', offset: 0 },
        { ...head, offset: 2 },
        { ...head, offset: 2 ** 52 },
      ]) {
        expect(await a.since('a', position)).toEqual({ head, events: [], complete: false })
      }
    })

    // Brokers without histories skip this test.
    const withHistory = recovers ? it : () => {}
    withHistory('holds at least the last 1,000 events of a channel', async () => {
      const [a, b] = await nodes()
      await Promise.all(numbers(900).map((n) => publishOn(a, 'a', event(n))))
      await Promise.all(numbers(105).map((n) => publishOn(a, 'a', event(n + 900))))
      const { epoch } = await b.head('a')
      const oldest = await b.since('a', { epoch, offset: 5 })
      expect(oldest.events.map(({ offset }) => offset)).toEqual(numbers(1_000, 6))
      expect(oldest.events.map(({ payload }) => payload)).toEqual(numbers(1_000, 6))
    })

    it('gives a request to one caller, and its record to the others', async () => {
      const [a, b] = await nodes()
      const begun = await Promise.all([a, b, a, b].map(({ replies }) => replies.begin('k', 'd')))
      expect(begun.map(({ state }) => state).sort()).toEqual(['fresh', ...Array(3).fill('started')])
      const owner = begun[0]?.state === 'fresh' || begun[2]?.state === 'fresh' ? a : b
      expect(await b.replies.begin('k', 'another')).toEqual({ state: 'conflict' })
      expect(await owner.replies.finish('k', '{"payload":1}', 60_000)).toBe(true)
      for (const one of begun) {
        if (one.state === 'started') expect(await one.record).toBe('{"payload":1}')
      }
      const answered = { state: 'answered', record: '{"payload":1}' }
      expect(await a.replies.begin('k', 'd')).toEqual(answered)
      expect(await b.replies.begin('k', 'd')).toEqual(answered)
      expect(await b.replies.begin('k', 'another')).toEqual({ state: 'conflict' })
    })

    it('forgets a request that may be retried, and resolves waiting lookups', async () => {
      const [a, b] = await nodes()
      await a.replies.begin('k', 'd')
      const waiting = await b.replies.begin('k', 'd')
      await a.replies.finish('k', '{"refusal":{}}', 0)
      expect(waiting.state === 'started' && (await waiting.record)).toBe('{"refusal":{}}')
      expect((await b.replies.begin('k', 'd')).state).toBe('fresh')
    })

    it('stores the reply to a publish in the same step', async () => {
      const [a, b] = await nodes()
      await a.replies.begin('k', 'd')
      const waiting = [await a.replies.begin('k', 'd'), await b.replies.begin('k', 'd')]
      const [at] = await a.publish(['a', 'b'], event(1), { key: 'k', keepMs: 60_000 })
      const record = { at: [{ channel: 'a', ...at }] }
      for (const one of waiting) {
        const text = one.state === 'started' ? await one.record : undefined
        expect(JSON.parse(text ?? '')).toEqual(record)
      }
      const again = await b.replies.begin('k', 'd')
      expect(again.state === 'answered' && JSON.parse(again.record)).toEqual(record)
    })

    it('adds the events of a running request, and lets it end', async () => {
      const [a, b] = await nodes()
      expect((await a.replies.begin('k', 'd', true, true)).state).toBe('fresh')
      // It may run again only if its server is dead.
      expect((await b.replies.begin('k', 'd', true, true)).state).toBe('started')
      for (const once of ['1', '2', '']) {
        await a.publish(['a'], event(1), undefined, { key: 'k', once })
      }
      expect((await b.head('a')).offset).toBe(3)
      expect(await a.replies.finish('k', '{}', 60_000)).toBe(true)
      expect((await b.replies.begin('k', 'd', true, true)).state).toBe('answered')
    })

    it('ignores the settling of an unknown request', async () => {
      const [a, b] = await nodes()
      await a.replies.finish('never', '{}', 60_000)
      expect((await b.replies.begin('never', 'd')).state).toBe('fresh')
    })
  })
}
