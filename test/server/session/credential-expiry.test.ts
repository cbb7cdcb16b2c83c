import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { CredentialExpiry } from '../../../src/server/session/credential-expiry.ts'

const DAY = 24 * 60 * 60_000

function expiryOn(clock = new ManualClock()) {
  const calls: string[] = []
  const expiry = new CredentialExpiry(clock, {
    expiring: (expiresAt) => calls.push(`expiring in ${expiresAt - clock.wall()}`),
    expired: () => calls.push('expired'),
  })
  return { clock, calls, expiry }
}

describe('the expiry of credentials', () => {
  it('is announced 30 seconds ahead', async () => {
    const { clock, calls, expiry } = expiryOn()
    expiry.begin(clock.wall() + 3_600_000)
    await clock.advance(3_600_000)
    expect(calls).toEqual(['expiring in 30000', 'expired'])
    expect(clock.timers).toBe(0)
  })

  it('is announced at half the time if that is short, and not at all if it is very short', async () => {
    const { clock, calls, expiry } = expiryOn()
    expiry.begin(clock.wall() + 10_000)
    await clock.advance(10_000)
    expiry.begin(clock.wall() + 900)
    await clock.advance(900)
    expect(calls).toEqual(['expiring in 5000', 'expired', 'expired'])
  })

  it('is replaced by that of new credentials, which may have none', async () => {
    const { clock, calls, expiry } = expiryOn()
    expiry.begin(clock.wall() + 60_000)
    await clock.advance(50_000)
    expiry.begin(clock.wall() + 60_000)
    await clock.advance(20_000)
    expect(calls).toEqual(['expiring in 30000'])
    expiry.begin(undefined)
    await clock.advance(DAY)
    expiry.stop()
    expect([calls.length, clock.timers]).toEqual([1, 0])
  })

  it('may be later than setTimeout allows', async () => {
    const longest = 2 ** 31 - 1
    const clock = new ManualClock()
    const after = clock.after.bind(clock)
    clock.after = (ms, run) => after(Math.min(ms, longest), run)
    const { calls, expiry } = expiryOn(clock)
    expiry.begin(clock.wall() + 100 * DAY)
    await clock.advance(100 * DAY - 30_001)
    expect(calls).toEqual([])
    await clock.advance(30_001)
    expect(calls).toEqual(['expiring in 30000', 'expired'])
  })

  it('follows the wall clock', async () => {
    const { clock, calls, expiry } = expiryOn()
    expiry.begin(clock.wall() + 100_000)
    clock.shiftWall(-50_000)
    await clock.advance(100_000)
    expect(calls).toEqual([])
    await clock.advance(50_000)
    expect(calls).toEqual(['expiring in 30000', 'expired'])
  })

  it('is noticed within a minute after the machine slept through it', async () => {
    const { clock, calls, expiry } = expiryOn()
    expiry.begin(clock.wall() + 3_600_000)
    await clock.advance(10_000)
    clock.sleep(3_600_000, false)
    await clock.advance(60_000)
    expect(calls.at(-1)).toBe('expired')
  })
})
