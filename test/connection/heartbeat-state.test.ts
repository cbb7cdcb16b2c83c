import { describe, expect, it } from 'vitest'
import type { HeartbeatCommand, HeartbeatState } from '../../src/connection/heartbeat-state.ts'
import {
  answerDeadlineMs,
  heartbeat,
  heartbeatStart,
  nextTick,
} from '../../src/connection/heartbeat-state.ts'

const rules = { intervalMs: 25_000, timeoutMs: 10_000, patience: 1 }

/** A heartbeat that is ticked when it wants to be, and what it did when. */
class Patient {
  state: HeartbeatState = heartbeatStart(0, 0)
  now = 0
  readonly did: [number, HeartbeatCommand][] = []
  unansweredSince: number | undefined

  /** Ticks until `end`, with frames arriving every `everyMs` and pings answered after `rttMs`. */
  run(end: number, { everyMs = 0, rttMs }: { everyMs?: number; rttMs?: number } = {}): this {
    let lastFrame = this.now
    while (nextTick(this.state) <= end) {
      this.now = nextTick(this.state)
      let received = 0
      while (everyMs && lastFrame + everyMs <= this.now) {
        received++
        lastFrame += everyMs
      }
      this.tick(received)
      if (this.did.at(-1)?.[1] === 'dead') return this
      const sentAt = this.state.probe?.sentAt
      if (rttMs !== undefined && sentAt === this.now) {
        this.now += rttMs
        this.apply({ name: 'pong', now: this.now, sentAt })
      }
    }
    return this
  }

  tick(received = 0, wall = this.now, lagMs = 0): void {
    const { now, unansweredSince, state } = this
    const since = state.probedAt ?? Number.NEGATIVE_INFINITY
    const due =
      unansweredSince !== undefined && unansweredSince > since ? unansweredSince : undefined
    this.apply({ name: 'tick', now, wall, received, lagMs, unansweredSince: due })
  }

  apply(input: Parameters<typeof heartbeat>[1]): void {
    const [state, command] = heartbeat(this.state, input, rules)
    this.state = state
    if (command) this.did.push([this.now, command])
  }
}

describe('a heartbeat', () => {
  it('pings 25 s after the last ping, whatever arrives', () => {
    const idle = new Patient().run(76_000, { rttMs: 50 })
    expect(idle.did.map(([at]) => Math.round(at / 1_000))).toEqual([25, 50, 75])
    const busy = new Patient().run(76_000, { everyMs: 100, rttMs: 50 })
    expect(busy.did.map(([at]) => Math.round(at / 1_000))).toEqual([25, 50, 75])
  })

  it('notices a dead idle connection within the interval and a deadline', () => {
    const { did } = new Patient().run(120_000)
    expect(did).toEqual([
      [25_000, 'ping'],
      [27_000, 'dead'],
    ])
  })

  it('notices within 10 s that events no longer come', () => {
    const patient = new Patient().run(10_000, { everyMs: 200 })
    expect(patient.did).toEqual([])
    patient.run(60_000)
    expect(patient.did.at(-1)?.[1]).toBe('dead')
    expect(patient.now).toBeLessThanOrEqual(20_000)
  })

  it('looks into a silence once, not again and again', () => {
    const patient = new Patient().run(10_000, { everyMs: 200 }).run(24_000, { rttMs: 40 })
    expect(patient.did).toHaveLength(1)
    expect(patient.state.probe).toBeUndefined()
  })

  it('is not alarmed by a silence that is usual', () => {
    const patient = new Patient().run(24_000, { everyMs: 5_000, rttMs: 40 })
    expect(patient.did).toEqual([])
  })

  it('notices within 10 s that a request is not answered, though broadcasts go on', () => {
    const patient = new Patient().run(30_000, { everyMs: 100, rttMs: 40 })
    const asked = patient.now
    patient.unansweredSince = asked
    // Nothing we say gets out: no pong comes, while events do.
    patient.run(asked + 60_000, { everyMs: 100 })
    expect(patient.did.at(-1)?.[1]).toBe('dead')
    expect(patient.now - asked).toBeLessThanOrEqual(15_000)
  })

  it('gives a slow answer time while other frames arrive, up to the limit', () => {
    const patient = new Patient().run(25_000, { everyMs: 500 })
    expect(patient.did.at(-1)).toEqual([25_000, 'ping'])
    patient.run(60_000, { everyMs: 500 })
    expect(patient.did.at(-1)).toEqual([35_000, 'dead'])
  })

  it('takes a reply to something said later for an answer, and no earlier one', () => {
    const patient = new Patient().run(25_000)
    patient.apply({ name: 'carried', now: 25_500, saidAt: 24_000 })
    expect(patient.state.probe).toBeDefined()
    patient.apply({ name: 'carried', now: 25_500, saidAt: 25_000 })
    expect(patient.state.probe).toBeUndefined()
  })

  it('measures round trips as RFC 6298 does, and waits at least 2 s and at most 10 s', () => {
    const patient = new Patient()
    const pong = (rtt: number) => patient.apply({ name: 'pong', now: rtt, sentAt: 0 })
    pong(100)
    expect(patient.state).toMatchObject({ srttMs: 100, rttvarMs: 50, lastRttMs: 100 })
    pong(180)
    expect(patient.state).toMatchObject({ srttMs: 110, rttvarMs: 57.5, lastRttMs: 180 })
    expect(answerDeadlineMs(patient.state, rules)).toBe(2_000)
    for (let n = 0; n < 50; n++) pong(3_000)
    expect(answerDeadlineMs(patient.state, rules)).toBeGreaterThan(2_999)
    for (let n = 0; n < 50; n++) pong(n % 2 ? 100 : 9_000)
    expect(answerDeadlineMs(patient.state, rules)).toBe(10_000)
  })

  it('drops nobody in half an hour of timers that come once a minute', () => {
    const patient = new Patient()
    for (let minute = 1; minute <= 30; minute++) {
      patient.now = minute * 60_000
      patient.tick(0)
      const sentAt = patient.state.probe?.sentAt
      if (sentAt !== undefined) patient.apply({ name: 'pong', now: patient.now + 80, sentAt })
    }
    expect(patient.did.filter(([, command]) => command === 'dead')).toEqual([])
    expect(patient.did.length).toBeLessThanOrEqual(30)
  })

  it('finds a dead peer even then, at the second look', () => {
    const patient = new Patient()
    const dead = () => patient.did.some(([, command]) => command === 'dead')
    for (let minute = 1; minute <= 5 && !dead(); minute++) {
      patient.now = minute * 60_000
      patient.tick()
    }
    expect(patient.now).toBe(120_000)
  })

  it('probes once with 2 s when the machine slept, whichever clock tells', () => {
    for (const [now, wall] of [
      [8 * 3_600_000, 8 * 3_600_000],
      [6_000, 8 * 3_600_000],
    ] as const) {
      const patient = new Patient().run(5_000)
      patient.now = now
      patient.tick(0, wall)
      expect(patient.did).toEqual([[now, 'ping']])
      patient.now = nextTick(patient.state)
      while (patient.did.length < 2) {
        patient.tick(0, wall + patient.now - now)
        patient.now = nextTick(patient.state)
      }
      expect(patient.did.at(-1)).toEqual([now + 2_000, 'dead'])
    }
  })

  it('gives slow answers their time after the wall clock was set forward', () => {
    const patient = new Patient()
    patient.apply({ name: 'pong', now: 0, sentAt: -3_000 })
    patient.run(5_000)
    patient.now = nextTick(patient.state)
    patient.tick(0, patient.now + 3_600_000)
    expect(patient.state.probe?.deadline).toBeGreaterThan(patient.now + 3_000)
    patient.apply({ name: 'wake', now: patient.now })
    expect(patient.state.probe?.deadline).toBeGreaterThan(patient.now + 3_000)
  })

  it('asks once more when the machine slept while a ping was on its way', () => {
    const patient = new Patient().run(25_000)
    patient.now = 27_000
    patient.tick(0, 27_000 + 3_600_000)
    expect(patient.did.at(-1)).toEqual([27_000, 'ping'])
  })

  it('does not believe a deadline that passed while nobody looked', () => {
    const patient = new Patient().run(25_000)
    patient.now = 25_000 + 6_000
    patient.tick()
    expect(patient.did.at(-1)).toEqual([31_000, 'ping'])
    patient.run(40_000)
    expect(patient.did.at(-1)).toEqual([33_000, 'dead'])
  })

  it('probes with 2 s when the page is looked at again or the network is back', () => {
    const patient = new Patient().run(5_000)
    patient.apply({ name: 'wake', now: 5_000 })
    patient.run(20_000)
    expect(patient.did).toEqual([
      [5_000, 'ping'],
      [7_000, 'dead'],
    ])
  })

  it('is not alarmed by a clock that was set back, or a little forward', () => {
    for (const shift of [-3_600_000, 9_000]) {
      const patient = new Patient().run(5_000)
      patient.now = nextTick(patient.state)
      patient.tick(0, patient.now + shift)
      expect(patient.did).toEqual([])
    }
  })

  it('goes on while a slow link carries something large, and finds within 10 s that it stopped', () => {
    for (const saidAt of [undefined, 0]) {
      const patient = new Patient().run(25_000)
      for (patient.now = 26_000; patient.now < 90_000; patient.now += 1_000) {
        patient.apply({ name: 'carried', now: patient.now, saidAt })
        patient.tick()
      }
      expect(patient.did).toEqual([[25_000, 'ping']])
      const stopped = patient.now - 1_000
      patient.run(120_000)
      expect(patient.did.at(-1)?.[1]).toBe('dead')
      expect(patient.now - stopped).toBeLessThanOrEqual(10_000)
    }
  })

  it('waits for a pong as long as the events before it travelled', () => {
    const patient = new Patient().run(25_000)
    // Events that the server sent before the ping could reach it arrive for half a minute more.
    for (patient.now = 26_000; patient.now <= 55_000; patient.now += 1_000) {
      patient.tick(10, patient.now, patient.now - 24_000)
    }
    expect(patient.did).toEqual([[25_000, 'ping']])
    // Those that the server sent long after it, and no pong: nothing we say gets out.
    for (; patient.did.length < 2; patient.now += 1_000) patient.tick(10)
    expect(patient.did.at(-1)?.[1]).toBe('dead')
  })

  it('takes the round trip behind a large transfer for none of the link’s', () => {
    const patient = new Patient().run(25_000)
    patient.apply({ name: 'carried', now: 26_000, saidAt: undefined })
    patient.apply({ name: 'pong', now: 31_000, sentAt: 25_000 })
    expect(patient.state).toMatchObject({ srttMs: undefined, probe: undefined })
  })

  it('gives a ping more time where there is more patience, and notices the silence as soon', () => {
    const patient = new Patient()
    const patiently = { ...rules, patience: 3 }
    const [probed] = heartbeat(patient.state, { name: 'wake', now: 0 }, patiently)
    expect(probed.probe?.deadline).toBe(6_000)
    const most = answerDeadlineMs(probed, { ...rules, patience: 10_000 })
    expect(most).toBe(80_000)
  })
})
