import { describe, expect, it } from 'vitest'
import type { ConnectionState } from 'wirefold'
import { backoffDefaults, WirefoldError } from 'wirefold'
import type { ConnectionInput, ConnectionRules } from '../../src/connection/connection-state.ts'
import { transition } from '../../src/connection/connection-state.ts'

const rules: ConnectionRules = {
  backoff: { ...backoffDefaults, maxRetries: 3 },
  minUptimeMs: 2_000,
  fatalCloseCodes: [1008, 4403],
  deniedCloseCodes: [4401],
  retryAfter: undefined,
  authorizes: false,
}
const lost = { code: 1006, reason: '' }
const error = new WirefoldError('failed', 'no', { reason: 'no' })

const states = {
  idle: { name: 'idle' },
  authorizing: { name: 'connecting', phase: 'authorizing', attempt: 1, denied: false },
  dialing: { name: 'connecting', phase: 'dialing', attempt: 1, denied: false },
  greeting: { name: 'connecting', phase: 'greeting', attempt: 1, denied: false },
  open: { name: 'open', since: 2_000, attempt: 1, denied: false },
  waiting: { name: 'waiting', attempt: 2, denied: false, retryAt: 9_000, reason: lost },
  offline: { name: 'offline', attempt: 2, denied: false, retryAt: 9_000, reason: lost },
  closed: { name: 'closed' },
  failed: { name: 'failed', error },
} satisfies Record<string, ConnectionState>

const dropped = { name: 'dropped', now: 2_000, online: true, random: 0, close: lost } as const
const inputs = {
  connect: { name: 'connect' },
  needed: { name: 'needed' },
  close: { name: 'close' },
  authorized: { name: 'authorized' },
  opened: { name: 'opened' },
  welcomed: { name: 'welcomed', now: 2_000, judged: false },
  dropped,
  'dropped while offline': { ...dropped, online: false },
  'dropped for good': { ...dropped, close: { code: 4403, reason: 'forbidden' } },
  refused: { name: 'refused', error },
  due: { name: 'due' },
  online: { name: 'online', retryAt: 3_000, redial: false },
  'online after a dial without a network': { name: 'online', retryAt: 3_000, redial: true },
  offline: { name: 'offline' },
  wake: { name: 'wake', retryAt: 3_000 },
  hide: { name: 'hide' },
} satisfies Record<string, ConnectionInput>

const dialAnew = { name: 'connecting', phase: 'dialing', attempt: 0, denied: false } as const
const dialAgain = { name: 'connecting', phase: 'dialing', attempt: 2, denied: false } as const
const close = { name: 'closed' } as const
const fail = { name: 'failed', error } as const
// The second wait: 900 ms, plus 0 for random 0.
const wait = {
  name: 'waiting',
  attempt: 2,
  denied: false,
  retryAt: 2_900,
  reason: lost,
} as const
/** Retry 5 to 10 s after the second disconnect in a row. */
const slow = { ...wait, name: 'offline', retryAt: 7_000 } as const
const quick = {
  name: 'waiting',
  attempt: 0,
  denied: false,
  retryAt: 3_000,
  reason: lost,
} as const
const redial = {
  ...quick,
  reason: { code: 1006, reason: 'the attempt was made without a network' },
} as const
const hidden = { code: 1000, reason: 'the page was put away' }
const hide = (attempt: number) =>
  ({ name: 'offline', attempt, denied: false, retryAt: undefined, reason: hidden }) as const
const same = 'same'
const gaveUp = 'failed'

/** Every state and every input, with the next state. */
const table: Record<
  keyof typeof states,
  Record<keyof typeof inputs, 'same' | 'failed' | ConnectionState>
> = {
  idle: {
    connect: dialAnew,
    needed: dialAnew,
    close,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: same,
    'dropped while offline': same,
    'dropped for good': same,
    refused: same,
    due: same,
    online: same,
    'online after a dial without a network': same,
    offline: same,
    wake: same,
    hide: same,
  },
  authorizing: {
    connect: same,
    needed: same,
    close,
    authorized: states.dialing,
    opened: states.greeting,
    welcomed: states.open,
    dropped: wait,
    'dropped while offline': slow,
    'dropped for good': gaveUp,
    refused: fail,
    due: same,
    online: same,
    'online after a dial without a network': redial,
    offline: same,
    wake: same,
    hide: hide(1),
  },
  dialing: {
    connect: same,
    needed: same,
    close,
    authorized: states.dialing,
    opened: states.greeting,
    welcomed: states.open,
    dropped: wait,
    'dropped while offline': slow,
    'dropped for good': gaveUp,
    refused: fail,
    due: same,
    online: same,
    'online after a dial without a network': redial,
    offline: same,
    wake: same,
    hide: hide(1),
  },
  greeting: {
    connect: same,
    needed: same,
    close,
    authorized: states.dialing,
    opened: states.greeting,
    welcomed: states.open,
    dropped: wait,
    'dropped while offline': slow,
    'dropped for good': gaveUp,
    refused: fail,
    due: same,
    online: same,
    'online after a dial without a network': redial,
    offline: same,
    wake: same,
    hide: hide(1),
  },
  open: {
    connect: same,
    needed: same,
    close,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: wait,
    'dropped while offline': slow,
    'dropped for good': gaveUp,
    refused: fail,
    due: same,
    online: same,
    'online after a dial without a network': same,
    offline: same,
    wake: same,
    hide: hide(1),
  },
  waiting: {
    connect: dialAgain,
    needed: same,
    close,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: same,
    'dropped while offline': same,
    'dropped for good': same,
    refused: same,
    due: dialAgain,
    online: { ...states.waiting, retryAt: 3_000 },
    'online after a dial without a network': { ...states.waiting, retryAt: 3_000 },
    offline: states.offline,
    wake: { ...states.waiting, retryAt: 3_000 },
    hide: hide(2),
  },
  offline: {
    connect: dialAgain,
    needed: same,
    close,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: same,
    'dropped while offline': same,
    'dropped for good': same,
    refused: same,
    due: dialAgain,
    online: quick,
    'online after a dial without a network': quick,
    offline: same,
    wake: { ...quick, attempt: 2 },
    hide: hide(2),
  },
  closed: {
    connect: dialAnew,
    needed: same,
    close: same,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: same,
    'dropped while offline': same,
    'dropped for good': same,
    refused: same,
    due: same,
    online: same,
    'online after a dial without a network': same,
    offline: same,
    wake: same,
    hide: same,
  },
  failed: {
    connect: dialAnew,
    needed: same,
    close,
    authorized: same,
    opened: same,
    welcomed: same,
    dropped: same,
    'dropped while offline': same,
    'dropped for good': same,
    refused: same,
    due: same,
    online: same,
    'online after a dial without a network': same,
    offline: same,
    wake: same,
    hide: same,
  },
}

const names = <T extends object>(record: T) => Object.keys(record) as (keyof T)[]

describe('a connection', () => {
  for (const state of names(states)) {
    for (const input of names(inputs)) {
      const expected = table[state][input]
      const title = typeof expected === 'string' ? expected : expected.name
      it(`in ${state} after "${input}" is ${title}`, () => {
        const after = transition(states[state], inputs[input], rules)
        if (expected === 'same') {
          expect(after).toBe(states[state])
        } else if (expected === 'failed') {
          expect(after).toMatchObject({
            name: 'failed',
            error: { code: 'failed', detail: { reason: 'forbidden', closeCode: 4403 } },
          })
        } else {
          expect(after).toEqual(expected)
        }
      })
    }
  }

  it('keeps all failed attempts up to half of minUptimeMs, and forgets all of them after it', () => {
    const counted = (attempt: number, uptime: number, minUptimeMs = 2_000) => {
      const state: ConnectionState = { name: 'open', since: 1_000, attempt, denied: false }
      const input = { ...dropped, now: 1_000 + uptime }
      const next = transition(state, input, { ...rules, backoff: backoffDefaults, minUptimeMs })
      return next.name === 'waiting' && next.attempt
    }
    const uptimes = [0, 1, 1_000, 1_010, 1_500, 1_900, 2_000, 60_000]
    expect(uptimes.map((uptime) => counted(10, uptime))).toEqual([11, 11, 11, 11, 6, 2, 1, 1])
    expect(uptimes.map((uptime) => counted(1, uptime))).toEqual([2, 2, 2, 2, 2, 1, 1, 1])
    expect(counted(3, 0, 0)).toBe(1)
  })

  it('shortens a wait for a request, unless the server or a plan has set the wait', () => {
    const input: ConnectionInput = { name: 'needed', retryAt: 3_000 }
    const free = { ...rules, backoff: backoffDefaults }
    const { waiting } = states
    expect(transition(waiting, input, free)).toEqual({ ...waiting, retryAt: 3_000 })
    expect(transition(waiting, { ...input, retryAt: 9_500 }, free)).toBe(waiting)
    expect(transition(waiting, input, rules)).toBe(waiting)
    for (const reason of [
      { code: 1013, reason: '{"retryAfterMs":5000}' },
      { code: 1012, reason: '' },
    ]) {
      const delayed = { ...waiting, reason }
      expect(transition(delayed, input, free)).toBe(delayed)
    }
  })

  it('waits as the backend demands after a close code, once: then by the backoff', () => {
    const retryAfter = (code: number) =>
      code === 4200 ? { windowMs: 0 } : code === 4100 ? { floorMs: 1_000 } : undefined
    const asked = { ...rules, backoff: backoffDefaults, retryAfter }
    const waitAfter = (code: number, attempt: number) => {
      const input = { ...dropped, random: 0.5, close: { code, reason: '' } }
      const next = transition({ ...states.dialing, attempt }, input, asked)
      return next.name === 'waiting' && next.retryAt - dropped.now
    }
    expect([1006, 4200, 4100].map((code) => waitAfter(code, 0))).toEqual([450, 0, 1_450])
    expect([1006, 4200, 4100].map((code) => waitAfter(code, 1))).toEqual([1_125, 1_125, 1_125])
    const delayed = { ...states.waiting, attempt: 1, reason: { code: 4100, reason: '' } }
    expect(transition(delayed, { name: 'needed', retryAt: 3_000 }, asked)).toBe(delayed)
  })

  it('fails after maxRetries retries, and at once if there are none', () => {
    const last: ConnectionState = { ...states.dialing, attempt: 3 }
    expect(transition(last, dropped, rules).name).toBe('failed')
    const never = { ...rules, backoff: { ...rules.backoff, maxRetries: 0 } }
    const first: ConnectionState = { ...states.dialing, attempt: 0 }
    expect(transition(first, dropped, never).name).toBe('failed')
  })

  it('keeps a wait that ends sooner than coming online would require', () => {
    const input: ConnectionInput = { name: 'online', retryAt: 9_500, redial: false }
    expect(transition(states.waiting, input, rules)).toBe(states.waiting)
  })

  it('retries while the platform reports no network: first as usual, then every 5 to 10 s', () => {
    const lostOffline = { ...dropped, online: false, random: 0.999 }
    const waits = [0, 1, 3, 30].map((attempt) => {
      const after = transition({ ...states.dialing, attempt }, lostOffline, rules)
      return after.name === 'offline' && after.retryAt && Math.round(after.retryAt - dropped.now)
    })
    expect(waits).toEqual([899, 9_995, 9_995, 9_995])
  })
})
