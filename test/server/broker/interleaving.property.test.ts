import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Position } from 'wirefold'
import type { Broker, ChannelEvent } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { event, eventListener, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

type Step =
  | { readonly name: 'publish'; readonly node: number; readonly channel: number }
  | { readonly name: 'toggle'; readonly reader: number; readonly node: number }
  | { readonly name: 'wait' }

const node = fc.nat({ max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ name: fc.constant('publish'), node, channel: fc.nat({ max: 1 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constant('toggle'), reader: fc.nat({ max: 3 }), node }),
  },
  { weight: 1, arbitrary: fc.constant({ name: 'wait' } as const) },
)

/** Reads a channel from alternating nodes, and resumes at its position. */
class Reader {
  readonly channel: string
  readonly got: { readonly offset: number; readonly payload: unknown }[] = []
  readonly violations: string[] = []
  #position: Position | undefined
  #off: (() => void) | undefined
  /** Live events that arrive during the read of the missed ones. */
  #held: ChannelEvent[] | undefined

  constructor(channel: string) {
    this.channel = channel
  }

  get reading(): boolean {
    return this.#off !== undefined
  }

  get position(): Position | undefined {
    return this.#position
  }

  async begin(broker: Broker): Promise<void> {
    this.#held = []
    this.#off = await broker.subscribe(
      this.channel,
      eventListener((one) => (this.#held ? this.#held.push(one) : this.#take(one))),
    )
    if (this.#position) {
      const { events, complete } = await broker.since(this.channel, this.#position)
      if (!complete) this.violations.push('not complete')
      for (const one of events) this.#take(one)
    } else this.#position = await broker.head(this.channel)
    const held = this.#held
    this.#held = undefined
    for (const one of held) this.#take(one)
  }

  end(): void {
    this.#off?.()
    this.#off = undefined
    // Held events are read again at the next start.
    this.#held = []
  }

  #take({ epoch, offset = 0, payload }: ChannelEvent): void {
    const position = this.#position
    if (!position) return
    if (epoch !== position.epoch) this.violations.push(`epoch ${epoch}`)
    // The replay and the live events may overlap.
    if (offset <= position.offset) return
    if (offset !== position.offset + 1) this.violations.push(`${offset} after ${position.offset}`)
    this.#position = { epoch: position.epoch, offset }
    this.got.push({ offset, payload })
  }
}

function property(name: string, nodes: () => Promise<readonly [Broker, Broker]>, runs: number) {
  test.prop([fc.array(step, { maxLength: 60, size: 'max' })], { numRuns: runs })(
    `${name}: every reader receives every event after its start, in order, once`,
    async (steps) => {
      const brokers = await nodes()
      const channels = ['a', 'b']
      const readers = [0, 1, 2, 3].map((n) => new Reader(channels[n % 2] ?? ''))
      const queues = readers.map(() => Promise.resolve())
      const published = new Map<string, unknown>()
      const publishing: Promise<void>[] = []
      let count = 0
      const toggle = async (reader: Reader, broker: Broker) =>
        reader.reading ? reader.end() : reader.begin(broker)
      for (const next of steps) {
        const broker = brokers['node' in next ? next.node : 0] ?? brokers[0]
        if (next.name === 'publish') {
          const channel = channels[next.channel] ?? ''
          const n = count++
          publishing.push(
            publishOn(broker, channel, event(n)).then(({ offset }) => {
              published.set(`${channel} ${offset}`, n)
            }),
          )
        } else if (next.name === 'toggle') {
          const reader = readers[next.reader]
          if (!reader) throw new Error('There are four.')
          queues[next.reader] = (queues[next.reader] ?? Promise.resolve()).then(() =>
            toggle(reader, broker),
          )
        } else await Promise.all([...queues, ...publishing])
      }
      await Promise.all([...queues, ...publishing])
      for (const [n, reader] of readers.entries()) {
        if (!reader.reading) await reader.begin(brokers[n > 1 ? 1 : 0])
      }
      expect(published.size).toBe(count)
      for (const reader of readers) {
        const head = await brokers[0].head(reader.channel)
        await until(() => expect(reader.position).toEqual(head))
        expect(reader.violations).toEqual([])
        for (const { offset, payload } of reader.got) {
          expect(payload).toBe(published.get(`${reader.channel} ${offset}`))
        }
        const first = (reader.got[0]?.offset ?? 1) - 1
        expect(reader.got.map(({ offset }) => offset - first)).toEqual(
          reader.got.map((_, at) => at + 1),
        )
        reader.end()
      }
    },
  )
}

describe('any order of publishing, subscribing and unsubscribing', () => {
  const shared = () => {
    const broker = new MemoryBroker()
    return Promise.resolve([broker, broker] as const)
  }
  property('memory', shared, 50)
})

describeWithRedis('any order of publishing, subscribing and unsubscribing', async () => {
  const bench = await redisBench()
  const connections = [await bench.broker({ prefix: 'p' }), await bench.broker({ prefix: 'p' })]
  property(
    'streams',
    async () => {
      const [a, b] = connections
      if (!a || !b) throw new Error('There are two.')
      // The nodes are shared by all runs, so each run has its own channels.
      const run = bench.prefix()
      return [within(a, run), within(b, run)]
    },
    40,
  )
})

/** Wraps a broker so that its channel names have a prefix. */
function within(broker: Broker, run: string): Broker {
  const name = (channel: string) => `${run} ${channel}`
  return {
    replies: broker.replies,
    presence: broker.presence,
    publish: (channels, what) => broker.publish(channels.map(name), what),
    subscribe: (channel, listener) => broker.subscribe(name(channel), listener),
    head: (channel) => broker.head(name(channel)),
    since: (channel, position) => broker.since(name(channel), position),
    close: () => broker.close(),
  }
}
