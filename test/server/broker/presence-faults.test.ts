import { expect, it } from 'vitest'
import type { PresenceJoin } from 'wirefold/server'
import type { RedisBroker, RedisConnection } from 'wirefold/server/redis'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { LeaseKeeper } from '../../../src/server/presence/lease-keeper.ts'
import { hearing } from '../../support/broker.ts'
import { passLeases } from '../../support/leases.ts'
import { until } from '../../support/live.ts'
import { lossy } from '../../support/lossy.ts'
import { passing } from '../../support/passing.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

const room = 'room'
const lease = { lastSeen: 1_000, ttlMs: 30_000 }
const member = (userId: string, owner = userId): PresenceJoin => ({
  ...{ resource: room, userId, name: undefined, device: 'tab', owner, meta: undefined },
})

const present = async (broker: RedisBroker) =>
  (await broker.presence.present(room)).users.map(({ id }) => id)

/** What happens in the room, as a node hears it. */
async function heardBy(broker: RedisBroker): Promise<string[]> {
  const heard: string[] = []
  const note = hearing(({ type }) => heard.push(type.replace('presence:', '')))
  await broker.subscribe(`presence:${room}`, note)
  return heard
}

/** What a server does for its members, by a clock of the test's own. */
function attendance(broker: RedisBroker) {
  const clock = new ManualClock()
  const errors: unknown[] = []
  const report = (error: unknown) => errors.push(error)
  const store = broker.presence
  return { clock, errors, attends: new LeaseKeeper({ store, clock, timeoutMs: 30_000, report }) }
}
const attendant = (userId: string, owner = userId) => ({
  member: member(userId, owner),
  lastSeen: () => 1_000,
})

describeWithRedis('presence on Redis', async () => {
  const bench = await redisBench()

  it('takes a device back for nobody by a join that was repeated since its reply was lost', async () => {
    const prefix = bench.prefix()
    const b = await bench.broker({ prefix })
    const connection = await bench.connect()
    let losing = true
    const forgetful: RedisConnection = {
      ...connection,
      async command(args) {
        const reply = await connection.command(args)
        if (!losing || !args.includes('join')) return reply
        losing = false
        await b.presence.join(member('anna', 'newer'), lease)
        throw new Error('Socket closed unexpectedly')
      },
    }
    const a = await createRedisBroker(forgetful, { prefix, onError: () => {} })
    const heard = await heardBy(b)
    await a.presence.join(member('anna', 'older'), lease)
    const claims = ['older', 'newer'].map((owner) => ({ ...member('anna', owner), lastSeen: 1 }))
    expect(await b.presence.touch(claims, 30_000)).toEqual(['taken', 'held'])
    await b.presence.leave(member('anna', 'newer'))
    await until(() => expect(heard).toEqual(['join', 'leave']))
    await a.close()
  })

  it('changes once what was asked for once, whether commands or replies are lost, or arrive late', async () => {
    const prefix = bench.prefix()
    const a = await createRedisBroker(lossy(await bench.connect()), { prefix, onError: () => {} })
    const b = await bench.broker({ prefix })
    const heard = await heardBy(b)
    const expected: string[] = []
    for (let n = 0; n < 5; n++) {
      await a.presence.join(member('anna'), lease)
      expect(await a.presence.update(member('anna'), `${n}`, lease)).toBe(true)
      expect(await a.presence.leave(member('anna'))).toBe(true)
      expected.push('join', 'update', 'leave')
    }
    await until(() => expect(heard).toEqual(expected))
    await a.close()
  })

  it('is forgotten by a Redis that nobody speaks to for a day', async () => {
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

  it('is vouched for again where Redis lost it, and not where another connection ended it', async () => {
    const own = await redisBench()
    const a = await own.broker({ prefix: 'p' })
    const heard = await heardBy(a)
    // Nothing was lost for ten minutes.
    await own.command('HSET', 'p:era', 'since', `${Date.now() - 600_000}`)
    const { clock, attends, errors } = attendance(a)
    await attends.join(attendant('anna', 'older'))
    await attends.join(attendant('ben'))
    await a.presence.join(member('anna', 'newer'), lease)
    await a.presence.leave(member('anna', 'newer'))
    await clock.advance(5_000)
    await until(() => expect(a.presence.reachMs).toBeGreaterThan(500_000))
    expect(await present(a)).toEqual(['ben'])
    await until(() => expect(heard).toEqual(['join', 'join', 'leave']))
    await own.command('FLUSHALL')
    expect(await present(a)).toEqual([])
    await clock.advance(5_000)
    await until(async () => expect(await present(a)).toEqual(['ben']))
    await clock.advance(5_000)
    expect(await present(a)).toEqual(['ben'])
    expect(errors).toEqual([])
    attends.close()
  })

  it('is vouched for again where somebody swept it while its server could not', async () => {
    const prefix = bench.prefix()
    const [a, b] = [await bench.broker({ prefix }), await bench.broker({ prefix })]
    const { clock, attends } = attendance(a)
    await attends.join(attendant('ben'))
    await passLeases(bench.command, prefix, 21_000)
    expect(await b.presence.sweep()).toHaveLength(1)
    // A server that stood still: its timers come late, and all at once.
    await clock.advance(20_000)
    await until(async () => expect(await present(b)).toEqual(['ben']))
    attends.close()
  })

  it('is nobody’s after a restart with what was saved, until it is vouched for', async () => {
    const own = await redisBench()
    const [a, b] = [await own.broker({ prefix: 'p' }), await own.broker({ prefix: 'p' })]
    const { clock, attends } = attendance(a)
    await attends.join(attendant('ben'))
    await b.presence.join(member('ghost'), lease)
    await own.command('SAVE')
    await b.presence.leave(member('ghost'))
    await own.server.kill()
    await own.server.start()
    expect(await present(b)).toEqual([])
    await clock.advance(5_000)
    await until(async () => expect(await present(b)).toEqual(['ben']))
    attends.close()
  })
})

describeWithRedis('presence on a Redis that stands still', () => {
  it('is refused as unavailable by pub-sub, and goes on afterwards', async () => {
    const own = await redisBench()
    const time = new ManualClock()
    const a = await own.broker({ prefix: 'p', strategy: 'pub-sub', clock: time })
    const { clock, attends, errors } = attendance(a)
    await attends.join(attendant('ben'))
    own.server.freeze()
    const { presence } = a
    const refused = { code: 'unavailable', detail: { code: 'unavailable', retryable: true } }
    const asked = [
      presence.join(member('anna'), lease),
      presence.update(member('anna'), '1', lease),
      presence.leave(member('anna')),
      presence.touch([{ ...member('anna'), lastSeen: 1 }], 1),
      presence.sweep(),
      attends.join(attendant('eva')),
    ]
    for (const outcome of await passing(time, Promise.allSettled(asked))) {
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
    await attends.join(attendant('eva'))
    // The first that was asked was under way, and its lease will end it; the others were taken back.
    expect((await present(a)).filter((id) => id !== 'anna')).toEqual(['ben', 'eva'])
    attends.close()
  })

  it('waits with streams, and is done in order', async () => {
    const own = await redisBench()
    const [a, b] = [await own.broker({ prefix: 'p' }), await own.broker({ prefix: 'p' })]
    const heard = await heardBy(b)
    own.server.freeze()
    const asked = [
      a.presence.join(member('anna'), lease),
      a.presence.join(member('ben'), lease),
      a.presence.leave(member('anna')),
      a.presence.present(room),
    ]
    own.server.thaw()
    await Promise.all(asked)
    expect(await present(a)).toEqual(['ben'])
    await until(() => expect(heard).toEqual(['join', 'join', 'leave']))
  })

  it('is refused as closed once the broker is', async () => {
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
