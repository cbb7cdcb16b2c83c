import { describe, expect, it } from 'vitest'
import type { Broker, PresenceJoin, PresenceLease, PresenceLimits } from 'wirefold/server'
import { event, eventListener } from '../../support/broker.ts'
import { until } from '../../support/live.ts'

/** The presence store under test. */
export interface PresenceSetup {
  /** Creates two brokers that share their state, as in two processes. */
  readonly nodes: (limits?: PresenceLimits) => Promise<readonly [Broker, Broker]>
  /** Advances the store's clock, in milliseconds. */
  readonly pass: (ms: number) => Promise<void>
}

const room = 'workspace/tasks'
const lease = (lastSeen = 1_000, ttlMs = 30_000): PresenceLease => ({ lastSeen, ttlMs })

/** A member of Anna, with one connection per device. */
const tab = (device: string, meta?: unknown, owner = device): PresenceJoin => ({
  ...{ resource: room, userId: 'anna', name: 'Anna', device, owner },
  meta: meta === undefined ? undefined : JSON.stringify(meta),
})
const memberOf = (userId: string, resource = room): PresenceJoin => ({
  ...{ resource, userId, name: undefined, device: `${userId}’s`, owner: userId, meta: undefined },
})

/** The tests that every presence store has to pass. */
export function presenceContract(name: string, setup: PresenceSetup): void {
  describe(`${name} as a presence store`, () => {
    /** Creates two nodes, and records the room's events on each. */
    async function made(limits?: PresenceLimits) {
      const [a, b] = await setup.nodes(limits)
      const received: (readonly [string, unknown, number | undefined])[][] = [[], []]
      for (const [n, broker] of [a, b].entries()) {
        await broker.subscribe(
          `presence:${room}`,
          eventListener(({ type, payload, offset }) =>
            received[n]?.push([type.replace('presence:', ''), payload, offset]),
          ),
        )
      }
      /** Expects these events, and no others, on both nodes. */
      const kinds = async (...expected: readonly string[]) => {
        await until(() =>
          expect(received.map(({ length }) => length)).toEqual([expected.length, expected.length]),
        )
        for (const events of received) expect(events.map(([kind]) => kind)).toEqual(expected)
      }
      const present = async () => (await b.presence.present(room)).users
      const users = async () => (await present()).map(({ at: _, ...user }) => user)
      return { a, b, received, kinds, present, users }
    }

    it('publishes joins, updates and leaves on every node, in the channel’s order', async () => {
      const { a, b, received, kinds, users } = await made()
      await a.presence.join(tab('1', { typing: true }), lease(1_000))
      await b.presence.join(tab('2', 'new'), lease(2_000))
      expect(await b.presence.update(tab('1'), '[3]', lease(3_000))).toBe(true)
      const anna = { id: 'anna', name: 'Anna', lastSeen: 3_000, meta: 'new' }
      const [one, two] = [
        { id: '1', meta: [3], lastSeen: 3_000 },
        { id: '2', meta: 'new', lastSeen: 2_000 },
      ]
      expect(await users()).toEqual([{ ...anna, devices: [one, two] }])
      expect(await a.presence.leave(tab('2'))).toBe(true)
      expect(await users()).toEqual([{ ...anna, meta: [3], devices: [one] }])
      expect(await b.presence.leave(tab('1'))).toBe(true)
      expect(await users()).toEqual([])
      await kinds('join', 'update', 'update', 'update', 'leave')
      const user = (lastSeen: number) => ({ id: 'anna', name: 'Anna', lastSeen })
      const payloads = [
        { user: user(1_000), device: { id: '1', meta: { typing: true }, lastSeen: 1_000 } },
        { user: user(2_000), device: two, after: 1 },
        { user: user(3_000), device: one, after: 2 },
        { user: user(3_000), gone: '2', after: 3 },
        { user: user(3_000) },
      ]
      for (const heard of received) {
        expect(heard.map(([, payload]) => payload)).toEqual(payloads)
        expect(heard.map(([, , offset]) => offset)).toEqual([1, 2, 3, 4, 5])
      }
    })

    it('publishes what changed, whatever else there is of the user', async () => {
      const { a, b, received, users } = await made()
      const large = (n: number) => ({ n, text: 'x'.repeat(4_000) })
      for (let n = 0; n < 20; n++) await a.presence.join(tab(`${n}`, large(n)), lease())
      for (let n = 0; n < 20; n++) await b.presence.update(tab(`${n}`), '{"n":"small"}', lease())
      await a.presence.leave(tab('7'))
      await until(() => expect(received.map(({ length }) => length)).toEqual([41, 41]))
      const sizes = received[0]?.map(([, payload]) => JSON.stringify(payload).length) ?? []
      expect(Math.max(...sizes.slice(0, 20))).toBeLessThan(4_200)
      expect(Math.max(...sizes.slice(20))).toBeLessThan(200)
      const [user] = await users()
      expect(user?.devices.map(({ id }) => id)).toEqual(
        Array.from({ length: 20 }, (_, n) => `${n}`).filter((id) => id !== '7'),
      )
      expect(user?.devices.every(({ meta }) => JSON.stringify(meta) === '{"n":"small"}')).toBe(true)
    })

    it('names the event of a user that an update follows on, also of one present before', async () => {
      const { a, b, received, present } = await made()
      const channel = `presence:${room}`
      const ats = async () => (await present()).map(({ id, at }) => [id, at])
      await a.presence.join(tab('1'), lease())
      await b.presence.join(memberOf('ben'), lease())
      await a.publish([channel], event(1, channel))
      await b.presence.join(tab('2'), lease())
      expect(await ats()).toEqual([
        ['anna', 4],
        ['ben', 2],
      ])
      await a.presence.leave(tab('1'))
      await a.presence.touch([{ ...memberOf('ben'), lastSeen: 9 }], 30_000)
      await b.presence.join({ ...memberOf('ben'), meta: '1' }, lease())
      await a.presence.leave(tab('2'))
      await b.presence.join(tab('2'), lease())
      await until(() => expect(received[0]).toHaveLength(8))
      const after = received[0]?.map(([, payload]) => Object(payload).after)
      expect(after).toEqual([undefined, undefined, undefined, 1, 4, 2, undefined, undefined])
      expect(await ats()).toEqual([
        ['ben', 6],
        ['anna', 8],
      ])
    })

    it('has the same JSON of a device in the state and in events', async () => {
      const { a, users, received } = await made()
      await a.presence.join(tab('1', { z: 1, a: [] }), lease())
      const [user] = await users()
      await until(() => expect(received[0]).toHaveLength(1))
      const { id, name, lastSeen, devices } = user ?? {}
      const payload = { user: { id, name, lastSeen }, device: devices?.[0] }
      expect(JSON.stringify(received[0]?.[0]?.[1])).toBe(JSON.stringify(payload))
    })

    describe('beyond its limits', () => {
      const tooMany = (limit: keyof PresenceLimits, most: number) => ({
        code: limit.endsWith('Devices') ? 'subscription-limit' : 'too-large',
        detail: { retryable: false, details: { limit, most } },
      })
      const elsewhere = { ...tab('9'), resource: 'elsewhere' }

      it('refuses another device of a user, at any resource and on any node', async () => {
        const { a, b, kinds, users } = await made({ userDevices: 2 })
        await a.presence.join(tab('1'), lease())
        await b.presence.join(elsewhere, lease())
        const refused = tooMany('userDevices', 2)
        await expect(a.presence.join(tab('2'), lease())).rejects.toMatchObject(refused)
        await expect(b.presence.join(tab('2'), lease())).rejects.toMatchObject(refused)
        // Neither another user, nor a device that is there already.
        await b.presence.join(memberOf('ben'), lease())
        await b.presence.join(tab('1', 'again', 'other'), lease())
        expect((await users()).map(({ id }) => id)).toEqual(['anna', 'ben'])
        await a.presence.leave(elsewhere)
        await a.presence.join(tab('2'), lease())
        await kinds('join', 'join', 'update', 'update')
      })

      it('refuses another device at a resource, until one has left or its lease has expired', async () => {
        const { a, b, kinds } = await made({ resourceDevices: 2 })
        await a.presence.join(memberOf('ben'), lease(1_000, 90_000))
        await b.presence.join(tab('1'), lease())
        const refused = tooMany('resourceDevices', 2)
        await expect(b.presence.join(memberOf('eva'), lease())).rejects.toMatchObject(refused)
        await b.presence.join(memberOf('eva', 'elsewhere'), lease())
        await setup.pass(31_000)
        await a.presence.sweep()
        await a.presence.join(memberOf('eva'), lease())
        await expect(b.presence.join(tab('1'), lease())).rejects.toMatchObject(refused)
        await kinds('join', 'join', 'leave', 'join')
      })

      it('refuses bytes of a user, in joins and updates, and never a change that takes less', async () => {
        const { a, b, kinds, users } = await made({ userBytes: 1_000 })
        const refused = tooMany('userBytes', 1_000)
        // 128 bytes, the ids and the name, and the text with its quotes.
        const text = (length: number) => JSON.stringify('x'.repeat(length))
        const base = 128 + 'anna'.length + '1'.length + '"Anna"'.length + 2
        const most = 1_000 - base
        await expect(
          a.presence.join(tab('1', 'x'.repeat(most + 1)), lease()),
        ).rejects.toMatchObject(refused)
        expect(await users()).toEqual([])
        await a.presence.join(tab('1', 'x'.repeat(most - base)), lease())
        await b.presence.join(tab('2', ''), lease())
        await expect(b.presence.join(tab('3', ''), lease())).rejects.toMatchObject(refused)
        const more = text(most - base + 1)
        await expect(a.presence.update(tab('1'), more, lease())).rejects.toMatchObject(refused)
        await expect(a.presence.update(tab('2'), text(1), lease())).rejects.toMatchObject(refused)
        expect((await users())[0]?.devices.map(({ meta }) => String(meta).length)).toEqual([
          most - base,
          0,
        ])
        expect(await a.presence.update(tab('1'), text(5), lease())).toBe(true)
        expect(await a.presence.update(tab('2'), text(5), lease())).toBe(true)
        await kinds('join', 'update', 'update', 'update')
      })

      it('refuses bytes at a resource, and gives back those of members that left', async () => {
        const { a, b, kinds } = await made({ resourceBytes: 1_000 })
        const refused = tooMany('resourceBytes', 1_000)
        await a.presence.join(memberOf('eva'), lease())
        await a.presence.join(tab('1', 'x'.repeat(600)), lease())
        const ben = { ...memberOf('ben'), meta: JSON.stringify('x'.repeat(200)) }
        await expect(b.presence.join(ben, lease())).rejects.toMatchObject(refused)
        await b.presence.join({ ...ben, resource: 'elsewhere' }, lease())
        for (let n = 0; n < 5; n++) {
          await b.presence.leave(tab('1'))
          await b.presence.join(ben, lease())
          await b.presence.leave(ben)
          await a.presence.join(tab('1', 'x'.repeat(600)), lease())
        }
        await kinds('join', 'join', ...Array(5).fill(['leave', 'join', 'leave', 'join']).flat())
      })
    })

    it('keeps users and devices in the order in which they joined', async () => {
      const { a, b, users } = await made()
      for (const [broker, member] of [
        [a, tab('1')],
        [b, memberOf('ben')],
        [a, tab('2')],
        [b, tab('3')],
        [a, memberOf('eva')],
        // Already present: keeps its position in the order.
        [b, tab('1', 'again')],
      ] as const) {
        await broker.presence.join(member, lease())
      }
      const devices = async () =>
        (await users()).map((user) => [user.id, ...user.devices.map(({ id }) => id)])
      expect(await devices()).toEqual([
        ['anna', '1', '2', '3'],
        ['ben', 'ben’s'],
        ['eva', 'eva’s'],
      ])
      await a.presence.leave(tab('1'))
      expect((await devices())[0]).toEqual(['anna', '2', '3'])
      await b.presence.leave(memberOf('ben'))
      await b.presence.join(memberOf('ben'), lease())
      expect((await devices()).map(([id]) => id)).toEqual(['anna', 'eva', 'ben'])
    })

    it('lets only the newest owner change a device, on any node', async () => {
      const { a, b, users, kinds } = await made()
      await a.presence.join(tab('1', 1, 'old'), lease())
      await b.presence.join(tab('1', 1, 'new'), lease())
      const [old, fresh] = [tab('1', 2, 'old'), tab('1', 2, 'new')]
      expect(await a.presence.leave(old)).toBe(false)
      expect(await a.presence.update(old, '2', lease(9_000))).toBe(false)
      expect(await a.presence.touch([{ ...old, lastSeen: 9_000 }], 1)).toEqual(['taken'])
      expect(await users()).toMatchObject([{ meta: 1, lastSeen: 1_000 }])
      expect(await b.presence.leave(fresh)).toBe(true)
      expect(await a.presence.touch([{ ...old, lastSeen: 9_000 }], 1)).toEqual(['gone'])
      await kinds('join', 'leave')
    })

    it('publishes nothing without a change, but a change of the name', async () => {
      const { a, b, kinds, users } = await made()
      await a.presence.join(tab('1', { a: [1] }), lease())
      await b.presence.join(tab('1', { a: [1] }), lease(2_000))
      await b.presence.update(tab('1'), '{"a":[1]}', lease(3_000))
      await b.presence.touch([{ ...tab('1'), lastSeen: 4_000 }], 30_000)
      await kinds('join')
      expect(await users()).toMatchObject([{ lastSeen: 4_000 }])
      await a.presence.join({ ...tab('1', { a: [1] }), name: undefined }, lease())
      await kinds('join', 'update')
      const [user] = await users()
      expect([user?.name, user?.lastSeen]).toEqual([undefined, 4_000])
    })

    it('does nothing for a member that is not present', async () => {
      const { a, kinds } = await made()
      const { presence } = a
      expect(await presence.leave(tab('1'))).toBe(false)
      expect(await presence.update(tab('1'), '1', lease())).toBe(false)
      expect(await presence.touch([{ ...tab('1'), lastSeen: 1 }], 1)).toEqual(['gone'])
      expect(await presence.touch([], 1)).toEqual([])
      expect(await presence.sweep()).toEqual([])
      await kinds()
    })

    it('returns the states of many claims, in order', async () => {
      const { a, b } = await made()
      const members = Array.from({ length: 450 }, (_, n) => memberOf(`${n}`, `room ${n % 3}`))
      await Promise.all(members.map((member) => a.presence.join(member, lease())))
      await a.presence.leave(memberOf('7', 'room 1'))
      await b.presence.join({ ...memberOf('444', 'room 0'), owner: 'another' }, lease())
      const states = await b.presence.touch(
        members.map((member) => ({ ...member, lastSeen: 5_000 })),
        60_000,
      )
      const expected = members.map((_, n) => (n === 7 ? 'gone' : n === 444 ? 'taken' : 'held'))
      expect(states).toEqual(expected)
      const { users } = await a.presence.present('room 0')
      expect(users.map(({ lastSeen }) => lastSeen)).toEqual(
        users.map(({ id }) => (id === '444' ? 1_000 : 5_000)),
      )
      await setup.pass(50_000)
      expect(await a.presence.sweep()).toMatchObject([{ userId: '444' }])
      await setup.pass(11_000)
      expect(await a.presence.sweep()).toHaveLength(448)
      for (const room of [0, 1, 2])
        expect((await b.presence.present(`room ${room}`)).users).toEqual([])
    })

    it('removes only members whose lease has expired, on a sweep of any node', async () => {
      const { a, b, kinds, users } = await made()
      await a.presence.join(tab('1'), lease())
      await a.presence.join(tab('2'), lease())
      await a.presence.join(memberOf('ben'), lease(1_000, 90_000))
      await setup.pass(25_000)
      expect(await b.presence.sweep()).toEqual([])
      expect(await a.presence.touch([{ ...tab('2'), lastSeen: 1 }], 30_000)).toEqual(['held'])
      await setup.pass(10_000)
      expect(await b.presence.sweep()).toEqual([{ resource: room, userId: 'anna', device: '1' }])
      expect(await users()).toMatchObject([
        { id: 'anna', lastSeen: 1_000, devices: [{ id: '2' }] },
        { id: 'ben' },
      ])
      // A grace period is a shorter lease.
      expect(await b.presence.touch([{ ...memberOf('ben'), lastSeen: 1 }], 5_000)).toEqual(['held'])
      await setup.pass(10_000)
      expect(await a.presence.sweep()).toMatchObject([{ userId: 'ben' }])
      await kinds('join', 'update', 'join', 'update', 'leave')
    })

    it('returns the position in the channel that the users belong to', async () => {
      const { a, b } = await made()
      const channel = `presence:${room}`
      expect(await b.presence.present(room)).toEqual({ users: [], at: await a.head(channel) })
      await a.presence.join(tab('1'), lease())
      await a.publish([channel], event(1, channel))
      await a.presence.join(memberOf('ben'), lease())
      const { users, at } = await b.presence.present(room)
      expect([users.length, at.offset]).toEqual([2, 3])
      expect(at).toEqual(await a.head(channel))
    })

    it('keeps the order in which a process joins, publishes and leaves', async () => {
      const { a, kinds } = await made()
      const channel = `presence:${room}`
      await Promise.all([
        a.presence.join(tab('1'), lease()),
        a.publish([channel], event(1, channel)),
        a.presence.update(tab('1'), '1', lease()),
        a.presence.leave(tab('1')),
        a.publish([channel], event(2, channel)),
        a.presence.join(tab('1'), lease()),
      ])
      await kinds('join', 'n', 'update', 'leave', 'n', 'join')
    })

    it('keeps every meta unchanged', async () => {
      const { a, users, received } = await made()
      const metas = [
        [],
        {},
        { a: [], b: {} },
        [[]],
        null,
        '',
        0,
        false,
        1.5e300,
        0.1,
        'ä\u2028😀\u0000"\\/',
      ]
      for (const meta of metas) {
        await a.presence.join(tab('1', meta), lease())
        expect((await users())[0]?.meta).toEqual(meta)
      }
      await until(() => expect(received[1]).toHaveLength(metas.length))
      const heard = received[1]?.map(([, payload]) => payload)
      expect(heard).toMatchObject(metas.map((meta) => ({ device: { meta } })))
    })

    it('takes names literally', async () => {
      const { a, b } = await made()
      const names = [
        '__proto__',
        'a\nb',
        '',
        '1',
        '"',
        '\\',
        '\u0000',
        '名 前 😀',
        'a:b',
        '%s',
        '*',
      ]
      for (const name of names) {
        const member = { ...memberOf(name), name, device: name, owner: name }
        await a.presence.join(member, lease())
        await a.presence.join({ ...member, resource: 'x:"*\\' }, lease())
      }
      const { users } = await b.presence.present(room)
      expect(users.map(({ id, name, devices }) => [id, name, devices[0]?.id])).toEqual(
        names.map((name) => [name, name, name]),
      )
      await setup.pass(31_000)
      const swept = await b.presence.sweep()
      const order = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort()
      expect(order(swept)).toEqual(
        order(
          [room, 'x:"*\\'].flatMap((resource) =>
            names.map((name) => ({ resource, userId: name, device: name })),
          ),
        ),
      )
    })
  })
}
