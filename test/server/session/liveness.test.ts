import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { SilenceWatch } from '../../../src/server/session/liveness.ts'

function made() {
  const clock = new ManualClock()
  const told: [string, number][] = []
  const tell = (what: string) => () => told.push([what, clock.now()])
  const watch = new SilenceWatch({
    ...{ clock, pingMs: 15_000, timeoutMs: 30_000 },
    ...{ ping: tell('ping'), silent: tell('silent') },
  })
  return { clock, told, watch }
}

describe('a watch over silence', () => {
  it('asks after 15 s, and gives up after 30', async () => {
    const { clock, told, watch } = made()
    watch.start()
    await clock.advance(29_999)
    expect(told).toEqual([['ping', 15_000]])
    await clock.advance(60_000)
    expect(told).toEqual([
      ['ping', 15_000],
      ['silent', 30_000],
    ])
    expect(clock.timers).toBe(0)
  })

  it('counts from the last sign of life', async () => {
    const { clock, told, watch } = made()
    const start = clock.wall()
    watch.start()
    await clock.advance(14_000)
    watch.heard()
    await clock.advance(16_000)
    watch.heard()
    expect(watch.lastSeen).toBe(start + 30_000)
    await clock.advance(30_000)
    expect(told).toEqual([
      ['ping', 29_000],
      ['ping', 45_000],
      ['silent', 60_000],
    ])
  })

  it('never gives up a peer that answers', async () => {
    const { clock, told, watch } = made()
    watch.start()
    for (let n = 0; n < 100; n++) {
      await clock.advance(15_000)
      watch.heard()
    }
    expect(told).toHaveLength(100)
  })

  it('asks first where it comes late itself', async () => {
    const { clock, told, watch } = made()
    watch.start()
    clock.sleep(100_000)
    await clock.advance(0)
    expect(told).toEqual([['ping', 100_000]])
    watch.heard()
    await clock.advance(29_999)
    expect(told).toEqual([
      ['ping', 100_000],
      ['ping', 115_000],
    ])
  })

  it('costs nothing before it starts and after it stops', async () => {
    const { clock, told, watch } = made()
    watch.heard()
    expect(clock.timers).toBe(0)
    watch.start()
    watch.start()
    expect(clock.timers).toBe(1)
    watch.stop()
    await clock.advance(100_000)
    expect([told, clock.timers]).toEqual([[], 0])
  })
})
