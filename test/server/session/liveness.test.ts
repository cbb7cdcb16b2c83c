import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { SilenceWatch } from '../../../src/server/session/liveness.ts'

function watchOnManualClock() {
  const clock = new ManualClock()
  const calls: [string, number][] = []
  const record = (name: string) => () => calls.push([name, clock.now()])
  const watch = new SilenceWatch({
    ...{ clock, pingMs: 15_000, timeoutMs: 30_000 },
    ...{ ping: record('ping'), silent: record('silent') },
  })
  return { clock, calls, watch }
}

describe('the silence watch', () => {
  it('pings after 15 s of silence, and reports silence after 30 s', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    watch.start()
    await clock.advance(29_999)
    expect(calls).toEqual([['ping', 15_000]])
    await clock.advance(60_000)
    expect(calls).toEqual([
      ['ping', 15_000],
      ['silent', 30_000],
    ])
    expect(clock.timers).toBe(0)
  })

  it('counts from the last sign of life', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    const start = clock.wall()
    watch.start()
    await clock.advance(14_000)
    watch.seen()
    await clock.advance(16_000)
    watch.seen()
    expect(watch.lastSeen).toBe(start + 30_000)
    await clock.advance(30_000)
    expect(calls).toEqual([
      ['ping', 29_000],
      ['ping', 45_000],
      ['silent', 60_000],
    ])
  })

  it('never reports a peer that responds', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    watch.start()
    for (let n = 0; n < 100; n++) {
      await clock.advance(15_000)
      watch.seen()
    }
    expect(calls).toHaveLength(100)
  })

  it('pings first if its own timer was late', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    watch.start()
    clock.sleep(100_000)
    await clock.advance(0)
    expect(calls).toEqual([['ping', 100_000]])
    watch.seen()
    await clock.advance(29_999)
    expect(calls).toEqual([
      ['ping', 100_000],
      ['ping', 115_000],
    ])
  })

  it('has no timer before it starts and after it stops', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    watch.seen()
    expect(clock.timers).toBe(0)
    watch.start()
    watch.start()
    expect(clock.timers).toBe(1)
    watch.stop()
    await clock.advance(100_000)
    expect([calls, clock.timers]).toEqual([[], 0])
  })
})
