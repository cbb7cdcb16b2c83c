import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'

describe('a manual clock', () => {
  it('keeps the later end where a timer advances the time', async () => {
    const clock = new ManualClock()
    clock.after(35, () => void clock.advance(1_000))
    await clock.advance(40)
    expect(clock.now()).toBe(1_035)
  })

  it.each([-50, Number.NaN, Number.POSITIVE_INFINITY])('moves by no %d ms', async (ms) => {
    const clock = new ManualClock()
    await expect(clock.advance(ms)).rejects.toThrow(`ManualClock.advance() got ${ms}. Pass`)
    expect(() => clock.sleep(ms)).toThrow(`ManualClock.sleep() got ${ms}. Pass`)
    expect(() => clock.sleep(ms, false)).toThrow(RangeError)
    expect([clock.now(), clock.wall()]).toEqual([0, 1_700_000_000_000])
  })

  it('runs a timer without a time at once, as the platform does', async () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.after(Number.NaN, () => ran.push('now'))
    await clock.advance(0)
    expect(ran).toEqual(['now'])
  })
})
