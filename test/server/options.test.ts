import { describe, expect, it } from 'vitest'
import { resolveServerOptions, serverDefaults } from '../../src/server/options.ts'

describe('the options of a server', () => {
  const defaults = {
    ...serverDefaults,
    authenticate: undefined,
    authorize: undefined,
    canReceive: undefined,
    canSee: undefined,
    origins: undefined,
  }

  it('that are not given, or given as undefined, are the defaults', () => {
    expect(resolveServerOptions({})).toEqual(defaults)
    const unset = {
      families: undefined,
      helloTimeoutMs: undefined,
      heartbeatMs: undefined,
      limits: { subscriptions: undefined, frameBytes: undefined, dedupeMs: undefined },
      presence: { graceMs: undefined, pingMs: undefined, timeoutMs: undefined },
      onError: undefined,
      clock: undefined,
    }
    expect(resolveServerOptions(unset)).toEqual(defaults)
  })

  it('that are given stand, one by one', () => {
    expect(resolveServerOptions({ limits: { subscriptions: 5 }, heartbeatMs: 1 })).toEqual({
      ...defaults,
      heartbeatMs: 1,
      limits: { subscriptions: 5, frameBytes: 65_536, dedupeMs: 600_000 },
    })
    expect(resolveServerOptions({ presence: { graceMs: 0 } })).toEqual({
      ...defaults,
      presence: { graceMs: 0, pingMs: 15_000, timeoutMs: 30_000 },
    })
  })
})
