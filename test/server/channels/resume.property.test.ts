import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { settle } from 'wirefold/testing'
import type { ServerParts } from '../../../src/server/server-parts.ts'
import type { Message } from '../raw-client.ts'
import { partsOf, WiredClient } from '../wired.ts'

/** Promises that the test resolves. */
class PendingWaits {
  readonly #waiting: (() => void)[] = []

  get size(): number {
    return this.#waiting.length
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  end(index: number): void {
    this.#waiting.splice(index % (this.size || 1), 1)[0]?.()
  }
}

/**
 * Wraps a broker: each call waits before and after its effect, and events reach the listeners late,
 * but in order.
 */
function slow(broker: Broker, waits: PendingWaits): Broker {
  const slowly = async <T>(step: () => Promise<T>): Promise<T> => {
    await waits.wait()
    const result = await step()
    await waits.wait()
    return result
  }
  return {
    replies: broker.replies,
    presence: broker.presence,
    publish: (...what) => broker.publish(...what),
    subscribe: (channel, listener) =>
      slowly(() => {
        let last = Promise.resolve()
        return broker.subscribe(channel, {
          event: (event) => {
            last = last.then(() => waits.wait()).then(() => listener.event(event))
          },
          broken: (head) => listener.broken(head),
        })
      }),
    head: (channel) => slowly(() => broker.head(channel)),
    since: (channel, position) => slowly(() => broker.since(channel, position)),
    close: () => broker.close(),
  }
}

interface Answered {
  readonly at: { readonly a?: readonly [string, number] }
  readonly gaps?: readonly string[]
}

/** A client that follows the protocol, and records violations of the server. */
class Reader {
  readonly got: unknown[] = []
  readonly violations: string[] = []
  #wired: WiredClient | undefined
  #position: { readonly epoch: string; offset: number } | undefined
  #answered = false
  #promised = 0

  connect(core: ServerParts): void {
    this.#wired?.disconnect()
    this.#answered = false
    this.#wired = new WiredClient(core, (message) => this.#receive(message))
    this.#wired.send({ type: 'hello' }, this.#subscribe())
  }

  /** Subscribes on the same connection, as after a gap. */
  again(): void {
    if (!this.#answered) return
    this.#answered = false
    this.#wired?.send(this.#subscribe())
  }

  ping(): void {
    this.#wired?.send({ type: 'ping', timestamp: 1 })
  }

  /** Whether it has all events up to the newest offset in the last reply. */
  get caughtUp(): boolean {
    return this.#answered && this.#position !== undefined && this.#position.offset >= this.#promised
  }

  #subscribe(): Message {
    const position = this.#position
    const payload = position
      ? { since: [[position.epoch, ['a', position.offset]]] }
      : { channels: ['a'] }
    return { type: 'subscribe', requestId: 'r', payload }
  }

  #receive(message: Message): void {
    const { type, payload, offset, prev } = message
    if (type === 'subscribed') this.#live(payload as Answered)
    else if (type === 'pong') this.#compare(payload as { offsets?: { a: [string, number] } })
    else if (type === 'n' && offset !== undefined) this.#take(offset, prev, payload)
  }

  #live({ at, gaps }: Answered): void {
    if (gaps) this.violations.push('a gap')
    this.#answered = true
    if (!at.a) return
    const [epoch, offset] = at.a
    if (this.#position && epoch !== this.#position.epoch) this.violations.push('another epoch')
    this.#promised = offset
    this.#position ??= { epoch, offset }
  }

  #take(offset: number, prev: unknown, payload: unknown): void {
    const position = this.#position
    // Events between a repeated subscribe and its reply are ignored: the replay contains them.
    if (!this.#answered || !position) {
      if (!position) this.violations.push('an event before the reply')
      return
    }
    if ((prev ?? offset - 1) !== position.offset) {
      this.violations.push(`offset ${offset} after ${prev} at ${position.offset}`)
    }
    position.offset = offset
    this.got.push(payload)
  }

  #compare({ offsets }: { offsets?: { a: [string, number] } }): void {
    const position = this.#position
    if (!offsets || !this.#answered || !position) return
    if (offsets.a[1] !== position.offset) this.violations.push(`a pong of ${offsets.a[1]}`)
  }
}

type Step = (world: {
  readonly waits: PendingWaits
  readonly reader: Reader
  readonly cores: readonly ServerParts[]
  publish(visible: boolean): void
}) => void

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.boolean().map(
    (visible) =>
      ({ publish }) =>
        publish(visible),
  ),
  fc.nat({ max: 9 }).map(
    (index) =>
      ({ waits }) =>
        waits.end(index),
  ),
  fc.nat({ max: 9 }).map(
    (index) =>
      ({ waits }) =>
        waits.end(index),
  ),
  fc.nat({ max: 1 }).map((n) => ({ reader, cores }) => {
    const core = cores[n]
    if (core) reader.connect(core)
  }),
  fc.constant(({ reader }) => reader.again()),
  fc.constant(({ reader }) => reader.ping()),
)

describe('a subscription that is resumed while events are published', () => {
  test.prop([fc.array(step, { maxLength: 80, size: 'max' }), fc.boolean()], { numRuns: 500 })(
    'loses and duplicates no event, with any timing of the broker, on either server',
    async (steps, filtered) => {
      const waits = new PendingWaits()
      const broker = new MemoryBroker()
      const canReceive = filtered
        ? (_: unknown, __: string, { payload }: { payload: unknown }) => Number(payload) % 2 === 0
        : undefined
      const cores = [0, 1].map(() => partsOf({ broker: slow(broker, waits), canReceive }))
      const [first] = cores
      if (!first) throw new Error('There are two servers.')
      const reader = new Reader()
      const published: number[] = []
      const publish = (visible: boolean): void => {
        const n = published.length * 2 + (visible ? 0 : 1)
        published.push(n)
        const about = { source: 'a', type: 'n', json: `${n}`, id: undefined, timestamp: 0 }
        void broker.publish(['a'], about)
      }
      publish(true)
      reader.connect(first)
      const finish = async (): Promise<void> => {
        while (waits.size) {
          waits.end(0)
          await settle()
        }
      }
      await settle()
      await finish()
      const before = published.length
      for (const act of steps) {
        act({ waits, reader, cores, publish })
        await settle()
      }
      await finish()
      reader.ping()
      const due = published.slice(before).filter((n) => !filtered || n % 2 === 0)
      expect(reader.violations).toEqual([])
      expect(reader.got).toEqual(due)
      expect(reader.caughtUp).toBe(true)
    },
  )
})
