import { describe, expect, it } from 'vitest'
import type { Broker, PresenceJoin, PresenceLease } from 'wirefold/server'
import { event, eventListener } from '../../support/broker.ts'
import { until } from '../../support/live.ts'

/** The presence store under test. */
export interface PresenceSetup {
  /** Creates two brokers that share their state, as in two processes. */
  readonly nodes: () => Promise<readonly [Broker, Broker]>
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
    async function made() {
      const [a, b] = await setup.nodes()
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
        for (const heard of received) expect(heard.map(([kind]) => kind)).toEqual(expected)
      }
      const users = async () => (await b.presence.present(room)).users
      return { a, b, received, kinds, users }
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
      const first = { id: '1', meta: { typing: true }, lastSeen: 1_000 }
      const payloads = [
        { ...anna, meta: first.meta, lastSeen: 1_000, devices: [first] },
        { ...anna, lastSeen: 2_000, devices: [first, two] },
        { ...anna, devices: [one, two] },
        { ...anna, meta: [3], devices: [one] },
        { id: 'anna', name: 'Anna', lastSeen: 3_000, devices: [] },
      ]
      for (const heard of received) {
        expect(heard.map(([, payload]) => payload)).toEqual(payloads.map((user) => ({ user })))
        expect(heard.map(([, , offset]) => offset)).toEqual([1, 2, 3, 4, 5])
      }
    })

    it('has the same JSON of a user in the state and in events', async () => {
      const { a, users, received } = await made()
      await a.presence.join(tab('1', { z: 1, a: [] }), lease())
      const [user] = await users()
      await until(() => expect(received[0]).toHaveLength(1))
      expect(JSON.stringify(received[0]?.[0]?.[1])).toBe(JSON.stringify({ user }))
    })

    it('keeps users and devices in the order in which they joined', async () => {
      const { a, b, users } = await made()
      for (const [broker, member] of [
        [a, tab('1')],
        [b, memberOf('ben')],
        [a, tab('2')],
        [b, tab('3')],
        [a, memberOf('eva')],
        // Already present: keeps its place in the order.
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
      await setup.pass(59_000)
      expect(await a.presence.sweep()).toMatchObject([{ userId: '444' }])
      await setup.pass(2_000)
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
      expect(heard).toMatchObject(metas.map((meta) => ({ user: { meta, devices: [{ meta }] } })))
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
