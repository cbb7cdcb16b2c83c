import { describe, expect, it } from 'vitest'
import { peerAddress } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { TokenBucket } from '../../../src/base/token-bucket.ts'
import { MemoryRates } from '../../../src/server/broker/memory/memory-rates.ts'

describe('a token bucket', () => {
  it('allows a burst, then the rate per second, and never saves more than a burst', () => {
    const bucket = new TokenBucket(10, 20, 0)
    expect(bucket.waitMs(0, 20)).toBe(0)
    bucket.take(20)
    expect(bucket.waitMs(0)).toBe(100)
    expect(bucket.waitMs(0, 5)).toBe(500)
    expect(bucket.waitMs(500, 5)).toBe(0)
    expect(bucket.waitMs(60_000, 20)).toBe(0)
    expect(bucket.available).toBe(20)
  })

  it('allows more than a burst if it is full, on credit', () => {
    const bucket = new TokenBucket(10, 20, 0)
    expect(bucket.waitMs(0, 50)).toBe(0)
    bucket.take(50)
    expect(bucket.waitMs(0)).toBe(3_100)
  })
})

describe('rates in memory', () => {
  const rate = { perSecond: 1, burst: 2 }

  it('are counted by key; a refused take and a take of 0 cost nothing', async () => {
    const clock = new ManualClock()
    const rates = new MemoryRates(clock)
    expect([rates.take('a', 0, rate), rates.take('a', 2, rate)]).toEqual([0, 0])
    expect([rates.take('a', 1, rate), rates.take('a', 0, rate)]).toEqual([1_000, 1_000])
    expect(rates.take('b', 1, rate)).toBe(0)
    await clock.advance(1_000)
    expect(rates.take('a', 1, rate)).toBe(0)
  })

  it('forget the least recently used key if there are too many', () => {
    const rates = new MemoryRates(new ManualClock())
    rates.take('first', 2, rate)
    rates.take('second', 2, rate)
    rates.take('first', 0, rate)
    for (let n = 0; n < 99_999; n++) rates.take(`k${n}`, 1, rate)
    expect([rates.take('first', 0, rate), rates.take('second', 0, rate)]).toEqual([1_000, 0])
  })
})

describe('the address of a peer', () => {
  it.each([
    ...['203.0.113.7', '2001:db8::7', '::ffff:203.0.113.7', '11.0.0.1', '110.0.0.1'],
    ...['172.15.0.1', '172.32.0.1', '192.169.1.1', '100.63.0.1', '100.128.0.1'],
    // Groups of an IPv6 address are written without leading zeros: fc is 00fc.
    ...['::11', 'fc::1', 'fb00::1', 'fe7f::1', 'fec0::1'],
  ])('%s counts', (remoteAddress) => {
    const address = peerAddress({ headers: {}, remoteAddress })
    expect(address).toBe(remoteAddress.replace('::ffff:', ''))
  })

  it.each([
    ...['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1'],
    ...['172.31.255.255', '169.254.0.1', '100.64.0.1', '100.127.0.1'],
    ...['fc00::1', 'fd00::1', 'fdff::1', 'fe80::1', 'FEBF::1', 'fe80::1%eth0', undefined],
  ])('%s does not count, as it may be a proxy', (remoteAddress) => {
    expect(peerAddress({ headers: {}, remoteAddress })).toBeUndefined()
  })
})
