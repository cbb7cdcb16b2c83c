import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { RawSocket } from 'wirefold/server'
import { nativeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { Tick } from '../../../src/server/socket/frame-batch.ts'
import { OutboundQueue } from '../../../src/server/socket/outbound-queue.ts'

const KIB = 1024
const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A socket whose writes are taken at once, or by `take()`. */
class FakeSocket implements RawSocket {
  readonly writes: string[] = []
  readonly events: string[] = []
  readonly #waiting: { readonly bytes: number; readonly taken: (() => void) | undefined }[] = []
  takes = true
  /** Number of writes with a callback. */
  awaited = 0

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  write(bytes: Uint8Array, taken?: () => void): void {
    this.writes.push(Buffer.from(bytes).toString('latin1'))
    if (taken) this.awaited += 1
    if (this.takes) taken?.()
    else this.#waiting.push({ bytes: bytes.length, taken })
  }

  /** Takes a number of waiting writes. */
  take(count: number): void {
    for (const { taken } of this.#waiting.splice(0, count)) taken?.()
  }

  pause(): void {
    this.events.push('pause')
  }

  resume(): void {
    this.events.push('resume')
  }

  close(code: number): void {
    this.events.push(`close ${code}`)
  }

  /** The parsed JSON of all short frames written so far. */
  get messages(): unknown[] {
    return this.writes.flatMap((write) => JSON.parse(write.slice(write.search(/[[{"\d]/))))
  }
}

function make(parts = { clock: new ManualClock(), tick: new Tick() }) {
  const counts = { slow: 0, withheld: 0 }
  const raw = new FakeSocket()
  const queue = new OutboundQueue({ ...parts, counts }, raw, nativeServer.join)
  queue.owner = { slow: () => queue.close(1013, 'too slow') }
  return { ...parts, counts, raw, queue }
}

/** Fills the queue until texts are withheld. */
function fill({ queue, raw }: ReturnType<typeof make>): number {
  raw.takes = false
  let sent = 0
  while (queue.sendDroppable('x'.repeat(KIB))) sent += 1
  return sent
}

describe('an outbound queue', () => {
  it('writes the texts of one tick at once, in order', async () => {
    const { raw, queue } = make()
    queue.send('1')
    queue.sendDroppable('2')
    await Promise.resolve()
    queue.send('3')
    expect(raw.writes).toEqual([])
    await tick()
    queue.send('4')
    await tick()
    expect(raw.writes).toEqual(['\u0081\u0007[1,2,3]', '\u0081\u00014'])
  })

  it('shares the bytes of a tick between queues with the same texts', async () => {
    const parts = { clock: new ManualClock(), tick: new Tick() }
    const written: Uint8Array[] = []
    const queues = Array.from({ length: 3 }, () => {
      const { raw, queue } = make(parts)
      raw.write = (bytes) => written.push(bytes)
      return queue
    })
    for (const text of ['1', '2']) for (const queue of queues) queue.sendDroppable(text)
    await tick()
    expect(new Set(written).size).toBe(1)
    for (const queue of queues) queue.sendDroppable('1')
    await tick()
    expect(written).toHaveLength(6)
    expect(String(written[5]?.subarray(2))).toBe('1')
  })

  it('asks for a callback only where the system has not taken all that was written before', async () => {
    const { raw, queue } = make()
    for (let n = 0; n < 5; n++) {
      queue.send('1')
      await tick()
    }
    expect(raw.awaited).toBe(0)
    raw.takes = false
    for (let n = 0; n < 5; n++) {
      queue.send('1')
      await tick()
    }
    expect(raw.awaited).toBe(4)
  })

  it('does not wait for the end of a tick with more than 32 KiB', () => {
    const { raw, queue } = make()
    for (let n = 0; n < 40; n++) queue.send('1'.repeat(KIB))
    expect(raw.writes).toHaveLength(1)
  })

  const step = fc.oneof(
    fc.constant('send'),
    fc.constant('tick'),
    fc.constant('taken'),
    fc.constant('stall'),
  )
  test.prop([fc.array(step, { maxLength: 200, size: 'max' })], { numRuns: 100 })(
    'sends everything once and in order, at any speed of the peer',
    async (steps) => {
      const { raw, queue } = make()
      let sent = 0
      for (const step of steps) {
        if (step === 'send') queue.send(`{"n":${++sent},"pad":"${'x'.repeat(15_000)}"}`)
        else if (step === 'tick') await tick()
        else if (step === 'stall') raw.takes = false
        else raw.take(1)
      }
      await tick()
      raw.takes = true
      raw.take(Number.POSITIVE_INFINITY)
      const numbers = raw.writes.join('').match(/"n":\d+/g) ?? []
      expect(numbers).toEqual(Array.from({ length: sent }, (_, index) => `"n":${index + 1}`))
      expect(queue.bufferedAmount).toBe(0)
    },
  )
})

describe('a peer that reads too slowly', () => {
  it('gets nothing droppable above 1 MiB, and is not read, until the queue is empty', async () => {
    const made = make()
    const { raw, queue, counts } = made
    const sent = fill(made)
    expect(sent).toBeGreaterThanOrEqual(1024)
    expect(sent).toBeLessThan(1024 + 70)
    expect(queue.bufferedAmount).toBeLessThan(1100 * KIB)
    expect(raw.events).toEqual(['pause'])
    expect(counts).toEqual({ slow: 1, withheld: 1 })
    let over = false
    queue.drained()?.then(() => {
      over = true
    })
    while (queue.bufferedAmount > 0) {
      expect(queue.sendDroppable('1')).toBe(false)
      await tick()
      expect(over).toBe(false)
      raw.take(1)
    }
    await tick()
    expect(over).toBe(true)
    expect(queue.drained()).toBeUndefined()
    expect(raw.events).toEqual(['pause', 'resume'])
    expect(queue.sendDroppable('1')).toBe(true)
    expect(counts.slow).toBe(0)
  })

  it('still receives texts that are not droppable', async () => {
    const made = make()
    fill(made)
    made.queue.send('"answer"')
    await tick()
    made.raw.takes = true
    made.raw.take(Number.POSITIVE_INFINITY)
    expect(made.raw.writes.at(-1)).toContain('"answer"')
  })

  it('has at most 64 KiB and a frame written ahead, so that its progress is visible', () => {
    const made = make()
    fill(made)
    expect(made.raw.bufferedAmount).toBeLessThan(140 * KIB)
  })

  it('is disconnected after 30 s without progress, and not before', async () => {
    const made = make()
    const { clock, raw, counts } = made
    fill(made)
    // The first write has no callback, so its progress shows with the second.
    for (const writes of [2, 1, 1, 1, 1]) {
      await clock.advance(29_999)
      raw.take(writes)
    }
    await clock.advance(29_999)
    expect(raw.events).not.toContain('close 1013')
    await clock.advance(1)
    expect(counts.slow).toBe(0)
    expect(raw.events).toEqual(['pause', 'resume', 'close 1013'])
    expect(clock.timers).toBe(0)
  })

  it('is disconnected at once above 16 MiB of unsent bytes', () => {
    const made = make()
    fill(made)
    for (let n = 0; n < 17; n++) made.queue.send('x'.repeat(KIB * KIB))
    expect(made.raw.events.at(-1)).toBe('close 1013')
  })

  it('leaves nothing queued when its connection ends', async () => {
    const made = make()
    const { clock, queue, counts } = made
    fill(made)
    const drained = queue.drained()
    queue.end()
    await drained
    expect([clock.timers, counts.slow]).toEqual([0, 0])
    await tick()
    made.raw.take(Number.POSITIVE_INFINITY)
    expect(queue.bufferedAmount).toBe(0)
    expect(made.raw.events).toEqual(['pause', 'resume'])
  })
})

describe('a closed outbound queue', () => {
  it('first writes the texts sent before', () => {
    const { raw, queue } = make()
    queue.send('1')
    queue.send('2')
    queue.close(1000, 'bye')
    expect(raw.messages).toEqual([1, 2])
    expect(raw.events).toEqual(['close 1000'])
  })

  it('also writes the waiting frames', () => {
    const made = make()
    fill(made)
    const before = made.raw.writes.length
    made.queue.close(1001, '')
    expect(made.raw.writes.length).toBeGreaterThan(before + 10)
    expect(made.queue.bufferedAmount).toBeLessThan(1100 * KIB)
  })

  it('closes its socket even if the socket accepts no more frames', () => {
    const { raw, queue } = make()
    queue.send('1')
    raw.write = () => {
      throw new Error('EPIPE')
    }
    expect(() => queue.close(1001, '')).toThrow('EPIPE')
    expect(raw.events).toEqual(['close 1001'])
  })
})
