import { describe, expect, it } from 'vitest'
import { ReaderLag } from '../../../src/server/redis/channels/reader-lag.ts'

const MAX_BYTES = 1_000

/** Publishes the events up to an offset; each has one byte. */
function publish(lag: ReaderLag, upto: number, from = 1) {
  for (let offset = from; offset <= upto; offset++) lag.published('a', offset, 1)
}

describe('a process that publishes', () => {
  it('pauses while it has not received 500 of its events on a channel', async () => {
    const lag = new ReaderLag(MAX_BYTES)
    lag.follow('a', 10)
    publish(lag, 509)
    expect(lag.isBehind()).toBe(false)
    publish(lag, 510, 510)
    expect(lag.isBehind()).toBe(true)
    const waiting = lag.caughtUp()
    lag.read('a', 11)
    await waiting
    expect(lag.isBehind()).toBe(false)
  })

  it('pauses while it has not received so many bytes of its events on a channel', async () => {
    const lag = new ReaderLag(MAX_BYTES)
    lag.follow('a', 0)
    lag.follow('b', 0)
    lag.published('a', 1, 600)
    lag.published('b', 1, 600)
    expect(lag.isBehind()).toBe(false)
    lag.published('a', 3, 400)
    expect(lag.isBehind()).toBe(true)
    const waiting = lag.caughtUp()
    lag.read('a', 2)
    await waiting
    lag.published('a', 4, 600)
    expect(lag.isBehind()).toBe(true)
    lag.read('a', 4)
    expect(lag.isBehind()).toBe(false)
  })

  it('does not wait for channels that it does not follow, or has left', () => {
    const lag = new ReaderLag(MAX_BYTES)
    lag.published('a', 5_000, MAX_BYTES)
    expect(lag.isBehind()).toBe(false)
    lag.follow('a', 0)
    lag.published('a', 5_000, MAX_BYTES)
    expect(lag.isBehind()).toBe(true)
    lag.unfollow('a')
    expect(lag.isBehind()).toBe(false)
  })

  it('counts from the start if the channel has another history', () => {
    const lag = new ReaderLag(MAX_BYTES)
    lag.follow('a', 0)
    lag.published('a', 5_000, MAX_BYTES)
    lag.follow('a', 0)
    expect(lag.isBehind()).toBe(false)
  })
})
