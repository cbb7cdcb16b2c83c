import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { CredentialExpiry } from '../../../src/server/session/credential-expiry.ts'

const DAY = 24 * 60 * 60_000

function term(clock = new ManualClock()) {
  const told: string[] = []
  const expiry = new CredentialExpiry(clock, {
    expiring: (expiresAt) => told.push(`expiring in ${expiresAt - clock.wall()}`),
    expired: () => told.push('expired'),
  })
  return { clock, told, expiry }
}

describe('the term of credentials', () => {
  it('is announced 30 seconds ahead', async () => {
    const { clock, told, expiry } = term()
    expiry.begin(clock.wall() + 3_600_000)
    await clock.advance(3_600_000)
    expect(told).toEqual(['expiring in 30000', 'expired'])
    expect(clock.timers).toBe(0)
  })

  it('is announced at half of it where it is short, and not at all where it is very short', async () => {
    const { clock, told, expiry } = term()
    expiry.begin(clock.wall() + 10_000)
    await clock.advance(10_000)
    expiry.begin(clock.wall() + 900)
    await clock.advance(900)
    expect(told).toEqual(['expiring in 5000', 'expired', 'expired'])
  })

  it('begins anew with new credentials, and may be without end', async () => {
    const { clock, told, expiry } = term()
    expiry.begin(clock.wall() + 60_000)
    await clock.advance(50_000)
    expiry.begin(clock.wall() + 60_000)
    await clock.advance(20_000)
    expect(told).toEqual(['expiring in 30000'])
    expiry.begin(undefined)
    await clock.advance(DAY)
    expiry.stop()
    expect([told.length, clock.timers]).toEqual([1, 0])
  })

  it('may be longer than timers are', async () => {
    const longest = 2 ** 31 - 1
    const clock = new ManualClock()
    const after = clock.after.bind(clock)
    clock.after = (ms, run) => after(Math.min(ms, longest), run)
    const { told, expiry } = term(clock)
    expiry.begin(clock.wall() + 100 * DAY)
    await clock.advance(100 * DAY - 30_001)
    expect(told).toEqual([])
    await clock.advance(30_001)
    expect(told).toEqual(['expiring in 30000', 'expired'])
  })

  it('goes by the calendar', async () => {
    const { clock, told, expiry } = term()
    expiry.begin(clock.wall() + 100_000)
    clock.shiftWall(-50_000)
    await clock.advance(100_000)
    expect(told).toEqual([])
    await clock.advance(50_000)
    expect(told).toEqual(['expiring in 30000', 'expired'])
  })
})
