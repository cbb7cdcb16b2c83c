import { describe, expect, it } from 'vitest'
import { serverDefaults } from 'wirefold/server'
import { resolveServerOptions } from '../../src/server/options.ts'

describe('the options of a server', () => {
  const defaults = {
    ...serverDefaults,
    canConnect: undefined,
    authenticate: undefined,
    validateChannel: undefined,
    authorize: undefined,
    canReceive: undefined,
    canSee: undefined,
    origins: undefined,
    logger: undefined,
  }

  it('are the defaults if they are missing or undefined', () => {
    expect(resolveServerOptions({})).toEqual(defaults)
    const unset = {
      families: undefined,
      maxBroadcastsPerSecond: undefined,
      broadcastOverflow: undefined,
      allowMissingOrigin: undefined,
      helloTimeoutMs: undefined,
      heartbeatMs: undefined,
      limits: {
        subscriptions: undefined,
        frameBytes: undefined,
        dedupeMs: undefined,
        perUser: { connections: undefined },
        perAddress: undefined,
      },
      presence: { graceMs: undefined, pingMs: undefined, timeoutMs: undefined },
      onError: undefined,
      clock: undefined,
    }
    expect(resolveServerOptions(unset)).toEqual(defaults)
  })

  it('override the defaults one by one', () => {
    const limits = { subscriptions: 5, perUser: { connections: 2 } }
    expect(resolveServerOptions({ limits, heartbeatMs: 1, allowMissingOrigin: false })).toEqual({
      ...defaults,
      heartbeatMs: 1,
      allowMissingOrigin: false,
      limits: {
        ...serverDefaults.limits,
        subscriptions: 5,
        perUser: { ...serverDefaults.limits.perUser, connections: 2 },
      },
    })
    expect(resolveServerOptions({ presence: { graceMs: 0 } })).toEqual({
      ...defaults,
      presence: { graceMs: 0, pingMs: 15_000, timeoutMs: 30_000 },
    })
  })
})
