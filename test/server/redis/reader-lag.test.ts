import { describe, expect, it } from 'vitest'
import { ReaderLag } from '../../../src/server/redis/channels/reader-lag.ts'

describe('a process that publishes', () => {
  it('pauses while it has not received 500 of its events on a channel', async () => {
    const lag = new ReaderLag()
    lag.follow('a', 10)
    lag.published('a', 509)
    expect(lag.isBehind()).toBe(false)
    lag.published('a', 510)
    expect(lag.isBehind()).toBe(true)
    const waiting = lag.caughtUp()
    lag.read('a', 11)
    await waiting
    expect(lag.isBehind()).toBe(false)
  })

  it('does not wait for channels that it does not follow, or has left', () => {
    const lag = new ReaderLag()
    lag.published('a', 5_000)
    expect(lag.isBehind()).toBe(false)
    lag.follow('a', 0)
    lag.published('a', 5_000)
    expect(lag.isBehind()).toBe(true)
    lag.unfollow('a')
    expect(lag.isBehind()).toBe(false)
  })

  it('counts anew where the channel has another history', () => {
    const lag = new ReaderLag()
    lag.follow('a', 0)
    lag.published('a', 5_000)
    lag.follow('a', 0)
    expect(lag.isBehind()).toBe(false)
  })
})
