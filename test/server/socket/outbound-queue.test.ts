import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { RawSocket } from 'wirefold/server'
import { nativeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { OutboundQueue } from '../../../src/server/socket/outbound-queue.ts'
import { Tick } from '../../../src/server/socket/tick.ts'

const KIB = 1024
const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A socket whose system takes at once, or what it is told to take. */
class FakeSocket implements RawSocket {
  readonly writes: string[] = []
  readonly events: string[] = []
  readonly #waiting: { readonly bytes: number; readonly taken: () => void }[] = []
  takes = true

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  write(bytes: Uint8Array, taken: () => void): void {
    this.writes.push(Buffer.from(bytes).toString('latin1'))
    if (this.takes) taken()
    else this.#waiting.push({ bytes: bytes.length, taken })
  }

  /** The system takes so many writes more. */
  take(count: number): void {
    for (const { taken } of this.#waiting.splice(0, count)) taken()
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

  /** The JSON of all short frames written so far. */
  get messages(): unknown[] {
    return this.writes.flatMap((write) => JSON.parse(write.slice(write.search(/[[{"\d]/))))
  }
}

function make(parts = { clock: new ManualClock(), tick: new Tick() }) {
  const counts = { slow: 0, withheld: 0, cut: 0 }
  const raw = new FakeSocket()
  const cut = () => outlet.close(1013, 'too slow')
  const outlet: OutboundQueue = new OutboundQueue(
    { ...parts, counts },
    { raw, join: nativeServer.join, disconnectSlow: cut },
  )
  return { ...parts, counts, raw, outlet }
}

/** Fills it until what comes is withheld. */
function fill({ outlet, raw }: ReturnType<typeof make>): number {
  raw.takes = false
  let sent = 0
  while (outlet.sendDroppable('x'.repeat(KIB))) sent += 1
  return sent
}

describe('an outlet', () => {
  it('writes once what one turn brings, in the order in which it was said', async () => {
    const { raw, outlet } = make()
    outlet.send('1')
    outlet.sendDroppable('2')
    await Promise.resolve()
    outlet.send('3')
    expect(raw.writes).toEqual([])
    await tick()
    outlet.send('4')
    await tick()
    expect(raw.writes).toEqual(['\u0081\u0007[1,2,3]', '\u0081\u00014'])
  })

  it('shares the bytes of a turn with those who are due the same', async () => {
    const parts = { clock: new ManualClock(), tick: new Tick() }
    const written: Uint8Array[] = []
    const outlets = Array.from({ length: 3 }, () => {
      const { raw, outlet } = make(parts)
      raw.write = (bytes) => written.push(bytes)
      return outlet
    })
    for (const text of ['1', '2']) for (const outlet of outlets) outlet.sendDroppable(text)
    await tick()
    expect(new Set(written).size).toBe(1)
    for (const outlet of outlets) outlet.sendDroppable('1')
    await tick()
    expect(written).toHaveLength(6)
    expect(String(written[5]?.subarray(2))).toBe('1')
  })

  it('does not wait for the end of a turn that brings more than 32 KiB', () => {
    const { raw, outlet } = make()
    for (let n = 0; n < 40; n++) outlet.send('1'.repeat(KIB))
    expect(raw.writes).toHaveLength(1)
  })

  const step = fc.oneof(
    fc.constant('say'),
    fc.constant('turn'),
    fc.constant('taken'),
    fc.constant('stall'),
  )
  test.prop([fc.array(step, { maxLength: 200, size: 'max' })], { numRuns: 100 })(
    'says everything once and in order, however slowly it is taken',
    async (steps) => {
      const { raw, outlet } = make()
      let said = 0
      for (const step of steps) {
        if (step === 'say') outlet.send(`{"n":${++said},"pad":"${'x'.repeat(15_000)}"}`)
        else if (step === 'turn') await tick()
        else if (step === 'stall') raw.takes = false
        else raw.take(1)
      }
      await tick()
      raw.takes = true
      raw.take(Number.POSITIVE_INFINITY)
      const numbers = raw.writes.join('').match(/"n":\d+/g) ?? []
      expect(numbers).toEqual(Array.from({ length: said }, (_, index) => `"n":${index + 1}`))
      expect(outlet.bufferedAmount).toBe(0)
    },
  )
})

describe('a peer that does not keep up', () => {
  it('is offered nothing above 1 MiB, and not read from, until everything has left', async () => {
    const made = make()
    const { raw, outlet, counts } = made
    const sent = fill(made)
    expect(sent).toBeGreaterThanOrEqual(1024)
    expect(sent).toBeLessThan(1024 + 70)
    expect(outlet.bufferedAmount).toBeLessThan(1100 * KIB)
    expect(raw.events).toEqual(['pause'])
    expect(counts).toEqual({ slow: 1, withheld: 1, cut: 0 })
    let over = false
    outlet.drained()?.then(() => {
      over = true
    })
    while (outlet.bufferedAmount > 0) {
      expect(outlet.sendDroppable('1')).toBe(false)
      await tick()
      expect(over).toBe(false)
      raw.take(1)
    }
    await tick()
    expect(over).toBe(true)
    expect(outlet.drained()).toBeUndefined()
    expect(raw.events).toEqual(['pause', 'resume'])
    expect(outlet.sendDroppable('1')).toBe(true)
    expect(counts.slow).toBe(0)
  })

  it('is told all the same what cannot be had otherwise', async () => {
    const made = make()
    fill(made)
    made.outlet.send('"answer"')
    await tick()
    made.raw.takes = true
    made.raw.take(Number.POSITIVE_INFINITY)
    expect(made.raw.writes.at(-1)).toContain('"answer"')
  })

  it('has no more than 64 KiB and a frame handed over ahead, so that its progress is seen', () => {
    const made = make()
    fill(made)
    expect(made.raw.bufferedAmount).toBeLessThan(140 * KIB)
  })

  it('is cut after 30 s without progress, and not before', async () => {
    const made = make()
    const { clock, raw, counts } = made
    fill(made)
    for (let n = 0; n < 5; n++) {
      await clock.advance(29_999)
      raw.take(1)
    }
    await clock.advance(29_999)
    expect(counts.cut).toBe(0)
    await clock.advance(1)
    expect(counts).toMatchObject({ cut: 1, slow: 0 })
    expect(raw.events).toEqual(['pause', 'resume', 'close 1013'])
    expect(clock.timers).toBe(0)
  })

  it('is cut at once where more than 16 MiB are owed', () => {
    const made = make()
    fill(made)
    for (let n = 0; n < 17; n++) made.outlet.send('x'.repeat(KIB * KIB))
    expect(made.raw.events.at(-1)).toBe('close 1013')
  })

  it('that goes away leaves nothing behind', async () => {
    const made = make()
    const { clock, outlet, counts } = made
    fill(made)
    const drained = outlet.drained()
    outlet.end()
    await drained
    expect([clock.timers, counts.slow, counts.cut]).toEqual([0, 0, 0])
    outlet.send('1')
    expect(outlet.sendDroppable('1')).toBe(true)
    await tick()
    made.raw.take(Number.POSITIVE_INFINITY)
    outlet.close(1000, '')
    expect(outlet.bufferedAmount).toBe(0)
    expect(made.raw.events).toEqual(['pause', 'resume'])
  })
})

describe('an outlet that is closed', () => {
  it('says first what was said before', () => {
    const { raw, outlet } = make()
    outlet.send('1')
    outlet.send('2')
    outlet.close(1000, 'bye')
    outlet.send('3')
    expect(raw.messages).toEqual([1, 2])
    expect(raw.events).toEqual(['close 1000'])
  })

  it('says also what waits for the peer', () => {
    const made = make()
    fill(made)
    const before = made.raw.writes.length
    made.outlet.close(1001, '')
    expect(made.raw.writes.length).toBeGreaterThan(before + 10)
    expect(made.outlet.bufferedAmount).toBeLessThan(1100 * KIB)
  })
})
