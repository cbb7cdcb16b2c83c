import { expect, it } from 'vitest'
import type { PresenceJoin } from 'wirefold/server'
import type { RedisBroker } from 'wirefold/server/redis'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { LeaseKeeper } from '../../../src/server/presence/lease-keeper.ts'
import { eventListener } from '../../support/broker.ts'
import { passLeases } from '../../support/leases.ts'
import { until } from '../../support/live.ts'
import { intercepted, lossy } from '../../support/lossy.ts'
import { passing } from '../../support/passing.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

const room = 'room'
const lease = { lastSeen: 1_000, ttlMs: 30_000 }
const member = (userId: string, owner = userId): PresenceJoin => ({
  ...{ resource: room, userId, name: undefined, device: 'tab', owner, meta: undefined },
})

const present = async (broker: RedisBroker) =>
  (await broker.presence.present(room)).users.map(({ id }) => id)

/** Records the presence events that a node receives. */
async function eventsReceivedBy(broker: RedisBroker): Promise<string[]> {
  const received: string[] = []
  const note = eventListener(({ type }) => received.push(type.replace('presence:', '')))
  await broker.subscribe(`presence:${room}`, note)
  return received
}

/** Creates the lease keeper of a server, with a manual clock. */
function keeper(broker: RedisBroker) {
  const clock = new ManualClock()
  const errors: unknown[] = []
  const report = (error: unknown) => errors.push(error)
  const store = broker.presence
  return { clock, errors, leases: new LeaseKeeper({ store, clock, timeoutMs: 30_000, report }) }
}
const leased = (userId: string, owner = userId) => ({
  member: member(userId, owner),
  lastSeen: () => 1_000,
})

describeWithRedis('presence on Redis', async () => {
  const bench = await redisBench()

  it('does not give a device back to an older owner by a repeated join', async () => {
    const prefix = bench.prefix()
    const b = await bench.broker({ prefix })
    let losing = true
    const forgetful = intercepted(await bench.connect(), async (args, send) => {
      const reply = await send(args)
      if (!losing || !args.includes('join')) return reply
      losing = false
      await b.presence.join(member('anna', 'newer'), lease)
      throw new Error('Socket closed unexpectedly')
    })
    const a = await createRedisBroker(forgetful, { prefix, onError: () => {} })
    const received = await eventsReceivedBy(b)
    await a.presence.join(member('anna', 'older'), lease)
    const claims = ['older', 'newer'].map((owner) => ({ ...member('anna', owner), lastSeen: 1 }))
    expect(await b.presence.touch(claims, 30_000)).toEqual(['taken', 'held'])
    await b.presence.leave(member('anna', 'newer'))
    await until(() => expect(received).toEqual(['join', 'leave']))
    await a.close()
  })

  it('changes once per call, even if commands or replies are lost or arrive late', async () => {
    const prefix = bench.prefix()
    const a = await createRedisBroker(lossy(await bench.connect()), { prefix, onError: () => {} })
    const b = await bench.broker({ prefix })
    const received = await eventsReceivedBy(b)
    const expected: string[] = []
    for (let n = 0; n < 5; n++) {
      await a.presence.join(member('anna'), lease)
      expect(await a.presence.update(member('anna'), `${n}`, lease)).toBe(true)
      expect(await a.presence.leave(member('anna'))).toBe(true)
      expected.push('join', 'update', 'leave')
    }
    await until(() => expect(received).toEqual(expected))
    await a.close()
  })

  it('expires in Redis a day after the last lease', async () => {
    const prefix = bench.prefix()
    const a = await bench.broker({ prefix })
    await a.presence.join(member('anna'), { lastSeen: 1, ttlMs: 48 * 3_600_000 })
    await a.presence.join(member('ben'), lease)
    for (const what of ['members', 'leases']) {
      const keys = await bench.command('KEYS', `${prefix}:${what}:*`)
      const [key, ...others] = Array.isArray(keys) ? keys.map(String) : []
      expect(others).toEqual([])
      const hours = Number(await bench.command('PTTL', key ?? '')) / 3_600_000
      expect(hours).toBeGreaterThan(71)
      expect(hours).toBeLessThanOrEqual(72)
    }
  })

  it('is restored after a data loss, but not after another connection has left', async () => {
    const own = await redisBench()
    const a = await own.broker({ prefix: 'p' })
    const received = await eventsReceivedBy(a)
    // As if there was no data loss for ten minutes.
    await own.command('HSET', 'p:generation', 'since', `${Date.now() - 600_000}`)
    const { clock, leases, errors } = keeper(a)
    await leases.join(leased('anna', 'older'))
    await leases.join(leased('ben'))
    await a.presence.join(member('anna', 'newer'), lease)
    await a.presence.leave(member('anna', 'newer'))
    await clock.advance(5_000)
    await until(() => expect(a.presence.reachMs).toBeGreaterThan(500_000))
    expect(await present(a)).toEqual(['ben'])
    await until(() => expect(received).toEqual(['join', 'join', 'leave']))
    await own.command('FLUSHALL')
    expect(await present(a)).toEqual([])
    await clock.advance(5_000)
    await until(async () => expect(await present(a)).toEqual(['ben']))
    await clock.advance(5_000)
    expect(await present(a)).toEqual(['ben'])
    expect(errors).toEqual([])
    leases.close()
  })

  it('is restored after a sweep by another node while its server was blocked', async () => {
    const prefix = bench.prefix()
    const [a, b] = [await bench.broker({ prefix }), await bench.broker({ prefix })]
    const { clock, leases } = keeper(a)
    await leases.join(leased('ben'))
    await passLeases(bench.command, prefix, 21_000)
    expect(await b.presence.sweep()).toHaveLength(1)
    // After a block, all timers of a server fire late and at once.
    await clock.advance(20_000)
    await until(async () => expect(await present(b)).toEqual(['ben']))
    leases.close()
  })

  it('is empty after a restart from a snapshot, until leases are renewed', async () => {
    const own = await redisBench()
    const [a, b] = [await own.broker({ prefix: 'p' }), await own.broker({ prefix: 'p' })]
    const { clock, leases } = keeper(a)
    await leases.join(leased('ben'))
    await b.presence.join(member('ghost'), lease)
    await own.command('SAVE')
    await b.presence.leave(member('ghost'))
    await own.server.kill()
    await own.server.start()
    expect(await present(b)).toEqual([])
    await clock.advance(5_000)
    await until(async () => expect(await present(b)).toEqual(['ben']))
    leases.close()
  })
})

describeWithRedis('presence on a frozen Redis', () => {
  it('is refused as unavailable with pub-sub, and continues afterwards', async () => {
    const own = await redisBench()
    const time = new ManualClock()
    const a = await own.broker({ prefix: 'p', strategy: 'pub-sub', clock: time })
    const { clock, leases, errors } = keeper(a)
    await leases.join(leased('ben'))
    own.server.freeze()
    const { presence } = a
    const refused = { code: 'unavailable', detail: { code: 'unavailable', retryable: true } }
    const calls = [
      presence.join(member('anna'), lease),
      presence.update(member('anna'), '1', lease),
      presence.leave(member('anna')),
      presence.touch([{ ...member('anna'), lastSeen: 1 }], 1),
      presence.sweep(),
      leases.join(leased('eva')),
    ]
    for (const outcome of await passing(time, Promise.allSettled(calls))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: refused })
    }
    await clock.advance(5_000)
    await until(async () => {
      await time.advance(100)
      expect(errors).toMatchObject([refused, refused])
    })
    own.server.thaw()
    await until(async () => {
      await clock.advance(5_000)
      expect(errors.length).toBe(2)
      expect(await presence.touch([{ ...member('ben'), lastSeen: 7_000 }], 30_000)).toEqual([
        'held',
      ])
    })
    await leases.join(leased('eva'))
    // The first call was in flight, so its member may be present; the others were withdrawn.
    expect((await present(a)).filter((id) => id !== 'anna')).toEqual(['ben', 'eva'])
    leases.close()
  })

  it('waits with streams, and changes in order', async () => {
    const own = await redisBench()
    const [a, b] = [await own.broker({ prefix: 'p' }), await own.broker({ prefix: 'p' })]
    const received = await eventsReceivedBy(b)
    own.server.freeze()
    const calls = [
      a.presence.join(member('anna'), lease),
      a.presence.join(member('ben'), lease),
      a.presence.leave(member('anna')),
      a.presence.present(room),
    ]
    own.server.thaw()
    await Promise.all(calls)
    expect(await present(a)).toEqual(['ben'])
    await until(() => expect(received).toEqual(['join', 'join', 'leave']))
  })

  it('is refused as closed after the broker was closed', async () => {
    const own = await redisBench()
    for (const strategy of ['streams', 'pub-sub'] as const) {
      const a = await own.broker({ prefix: 'p', strategy })
      own.server.freeze()
      const under = a.presence.join(member('anna'), lease).catch(() => {})
      const waiting = expect(a.presence.leave(member('anna'))).rejects.toMatchObject({
        code: 'closed',
      })
      await a.close()
      own.server.thaw()
      await Promise.all([under, waiting])
    }
  })
})
