import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { ElapsedClock } from '../../src/base/elapsed-clock.ts'

const HOUR_MS = 3_600_000

function clocks() {
  const clock = new ManualClock()
  const elapsed = new ElapsedClock(clock)
  const startedAt = elapsed.now()
  return { clock, elapsed, passed: () => elapsed.now() - startedAt }
}

describe('a clock of elapsed time', () => {
  it('counts the time that the machine slept, even if the monotonic clock stopped', () => {
    for (const monotonic of [true, false]) {
      const { clock, passed } = clocks()
      clock.sleep(HOUR_MS, monotonic)
      expect(passed()).toBe(HOUR_MS)
    }
  })

  it('runs its timers within a second of waking up', async () => {
    const { clock, elapsed } = clocks()
    const ran: string[] = []
    elapsed.after(HOUR_MS, () => ran.push('late'))
    elapsed.after(60_000, () => ran.push('early'))
    elapsed.after(2 * HOUR_MS, () => ran.push('too late'))
    await clock.advance(500)
    clock.sleep(HOUR_MS, false)
    await clock.advance(1_000)
    expect(ran).toEqual(['late', 'early'])
  })

  it('runs due timers at once at catchUp()', () => {
    const { clock, elapsed } = clocks()
    const ran: string[] = []
    elapsed.after(60_000, () => ran.push('a'))
    elapsed.after(2 * HOUR_MS, () => ran.push('b'))
    clock.sleep(HOUR_MS, false)
    elapsed.catchUp()
    expect(ran).toEqual(['a'])
  })

  it('ignores a wall clock that is set back, and still counts a later sleep', () => {
    const { clock, passed } = clocks()
    clock.shiftWall(-HOUR_MS)
    expect(passed()).toBe(0)
    clock.sleep(60_000, false)
    expect(passed()).toBe(60_000)
  })

  it('adds no time for clocks that round their readings', async () => {
    const { clock, elapsed, passed } = clocks()
    for (let n = 0; n < 1_000; n++) {
      clock.shiftWall(n % 2 ? 100 : -100)
      elapsed.now()
      await clock.advance(10)
    }
    expect(passed()).toBe(10_000)
  })

  it('leaves no timer once its own are cancelled or done, and runs each once and on time', async () => {
    const { clock, elapsed } = clocks()
    const ran: number[] = []
    const cancel = elapsed.after(5_000, () => ran.push(5_000))
    elapsed.after(1_500, () => ran.push(clock.now()))
    await clock.advance(2_000)
    expect([ran, clock.timers]).toEqual([[1_500], 1])
    cancel()
    expect(clock.timers).toBe(0)
    await clock.advance(10_000)
    expect(ran).toEqual([1_500])
  })

  it('keeps its timers when one of them throws', async () => {
    const { clock, elapsed } = clocks()
    let ran = 0
    elapsed.after(10, () => {
      throw new Error('from a timer')
    })
    elapsed.after(20, () => ran++)
    await expect(clock.advance(15)).rejects.toThrow('from a timer')
    await clock.advance(2_000)
    expect(ran).toBe(1)
  })
})
