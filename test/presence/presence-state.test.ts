import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import { foldPresence, unknownPresence } from '../../src/presence/presence-state.ts'

const NOW = 1_000

const event = (type: string, payload: unknown, offset?: number): EventFrame => ({
  ...{ kind: 'event', channel: 'presence:room', type: `presence:${type}`, payload, offset },
  ...{ id: undefined, prev: undefined, via: undefined, timestamp: undefined },
})
const user = (id: string, meta?: unknown, lastSeen = NOW) => ({ id, meta, lastSeen, devices: [] })

/** Folds events, and returns the users and the changes of the last event. */
function fold(...events: readonly [event: EventFrame, at?: number][]) {
  let state = unknownPresence
  let changes: readonly { readonly kind: string; readonly user: { readonly id: string } }[] = []
  for (const [one, at = 0] of events) {
    const next = foldPresence(state, one, at, NOW)
    state = next.state
    changes = next.changes
  }
  return {
    state,
    users: [...state.users.values()],
    ids: [...state.users.keys()],
    changes: changes.map(({ kind, user: { id } }) => `${kind} ${id}`),
  }
}

describe('the presence state', () => {
  it('begins with a sync, which reports no joins', () => {
    const { users, changes } = fold([event('sync', { users: [user('a', 1), user('b')] })])
    expect(users).toEqual([user('a', 1), user('b')])
    expect(changes).toEqual([])
  })

  it('buffers events until the sync', () => {
    const early = [event('join', { user: user('b') }), event('leave', { user: user('c') })] as const
    const before = fold([early[0]], [early[1]])
    expect(before.ids).toEqual([])
    const sync = event('sync', { users: [user('a'), user('c')] })
    expect(fold([early[0]], [early[1]], [sync]).ids).toEqual(['a', 'b'])
  })

  it('drops events that the sync already contains, by its offset', () => {
    const stale = event('join', { user: user('b') }, 5)
    const news = event('join', { user: user('c') }, 8)
    const sync = { users: [user('a')] }
    expect(fold([stale], [news], [event('sync', sync, 7)]).ids).toEqual(['a', 'c'])
    expect(fold([stale], [news], [event('sync', sync), 7]).ids).toEqual(['a', 'c'])
    expect(fold([event('sync', sync, 7)], [stale]).ids).toEqual(['a'])
    expect(fold([event('sync', sync, 7)], [news]).ids).toEqual(['a', 'c'])
  })

  it('applies joins, updates and leaves', () => {
    const sync = event('sync', { users: [user('a')] })
    const join = event('join', { user: user('b') })
    expect(fold([sync], [join])).toMatchObject({ ids: ['a', 'b'], changes: ['joined b'] })
    const update = event('update', { user: user('a', 2) })
    expect(fold([sync], [join], [update])).toMatchObject({
      ids: ['a', 'b'],
      changes: ['updated a'],
    })
    const leave = event('leave', { user: user('a') })
    expect(fold([sync], [join], [leave])).toMatchObject({ ids: ['b'], changes: ['left a'] })
  })

  it('does not report a heartbeat as a change', () => {
    const sync = event('sync', { users: [user('a', { deep: [1] })] })
    const beat = event('heartbeat', { user: { id: 'a', lastSeen: NOW + 5 } })
    expect(fold([sync], [beat])).toMatchObject({
      users: [user('a', { deep: [1] }, NOW + 5)],
      changes: ['seen a'],
    })
    const again = event('join', { user: user('a', { deep: [1] }, NOW + 9) })
    expect(fold([sync], [again]).changes).toEqual(['seen a'])
    expect(fold([sync], [event('heartbeat', { user: user('b') })]).ids).toEqual(['a'])
  })

  it('reports the differences between two syncs', () => {
    const first = event('sync', { users: [user('a'), user('b'), user('c'), user('d')] })
    const second = event('sync', {
      users: [user('a'), user('b', 2), user('c', undefined, 9), user('e')],
    })
    expect(fold([first], [second]).changes).toEqual(['updated b', 'seen c', 'joined e', 'left d'])
  })

  it('reads both shapes of a user, and plain names', () => {
    const iso = '2026-11-20T12:00:00.000Z'
    const row = {
      ...{ userId: 'a', userName: 'Anna', resource: 'room', joinedAt: iso, lastSeen: iso },
      metadata: { typing: true },
    }
    const anna = {
      id: 'a',
      name: 'Anna',
      lastSeen: Date.parse(iso),
      meta: { typing: true },
      devices: [],
    }
    expect(fold([event('sync', { users: [row] })]).users).toEqual([anna])
    expect(fold([event('sync', [])], [event('join', row)]).users).toEqual([anna])
    expect(fold([event('sync', [])], [event('join', { user: row })]).users).toEqual([anna])
    expect(fold([event('sync', ['ben', 'eva'])]).users).toEqual([
      { id: 'ben', name: 'ben', lastSeen: NOW, devices: [] },
      { id: 'eva', name: 'eva', lastSeen: NOW, devices: [] },
    ])
    expect(fold([event('sync', ['ben', 'eva'])], [event('leave', 'ben')]).ids).toEqual(['eva'])
  })

  it('merges several entries of one user', () => {
    const device = (id: string) => ({ id, lastSeen: NOW, meta: id })
    const entries = [
      { ...user('a', 'x', 7), devices: [device('x')] },
      { ...user('b'), devices: [] },
      { ...user('a', 'y', 5), devices: [device('y')] },
    ]
    const { users } = fold([event('sync', { users: entries })])
    expect(users).toMatchObject([
      { id: 'a', meta: 'y', lastSeen: 7, devices: [{ id: 'x' }, { id: 'y' }] },
      { id: 'b' },
    ])
  })

  describe('by changes of single devices', () => {
    const device = (id: string, meta?: unknown) => ({ id, meta, lastSeen: NOW })
    const about = (id: string, name?: string, lastSeen = NOW) => ({ id, name, lastSeen })
    const sync = event('sync', {
      users: [
        { ...about('a', 'Anna'), devices: [device('1', { n: 1 }), device('2')], at: 4 },
        { ...about('b'), devices: [device('1', 'b')], at: 2 },
      ],
    })
    const update = (offset: number, payload: object) => event('update', payload, offset)

    it('takes the meta of a user from the newest device', () => {
      expect(fold([sync, 5]).users).toEqual([
        { ...about('a', 'Anna'), devices: [device('1', { n: 1 }), device('2')], at: 4 },
        { ...about('b'), meta: 'b', devices: [device('1', 'b')], at: 2 },
      ])
    })

    it('follows devices that come, change and leave, in their order', () => {
      const join = event('join', { user: about('c', 'Cleo'), device: device('9', 'c') }, 6)
      expect(fold([sync, 5], [join])).toMatchObject({ changes: ['joined c'], ids: ['a', 'b', 'c'] })
      const steps: [EventFrame, number?][] = [
        [sync, 5],
        [join],
        [update(7, { user: about('a', 'An'), device: device('3', [3]), after: 4 })],
        [update(8, { user: about('a', 'An', NOW + 8), device: device('1', { n: 2 }), after: 7 })],
        [update(9, { user: about('a', 'An', NOW + 8), gone: '2', after: 8 })],
      ]
      const { users, changes, state } = fold(...steps)
      expect(changes).toEqual(['updated a'])
      expect(users[0]).toEqual({
        ...about('a', 'An', NOW + 8),
        at: 9,
        ...{ meta: [3], devices: [device('1', { n: 2 }), device('3', [3])] },
      })
      expect(users[2]).toEqual({
        ...about('c', 'Cleo'),
        meta: 'c',
        devices: [device('9', 'c')],
        at: 6,
      })
      expect(state.stale).toBe(false)
      expect(fold(...steps, [event('leave', { user: about('a') }, 10)])).toMatchObject({
        ...{ ids: ['b', 'c'], changes: ['left a'] },
      })
    })

    it('keeps the other devices as the same objects, all of them frozen', () => {
      const before = fold([sync, 5]).users[0]
      const change = update(6, { user: about('a'), device: device('2', { deep: [{}] }), after: 4 })
      const after = fold([sync, 5], [change]).users[0]
      expect(after?.devices[1]?.meta).toEqual({ deep: [{}] })
      expect(Object.isFrozen(Object(after?.devices[1]?.meta).deep[0])).toBe(true)
      expect(Object.isFrozen(after?.devices)).toBe(true)
      expect(before?.devices[1]?.meta).toBe(undefined)
      const { state } = fold([sync, 5])
      const next = foldPresence(state, change, 0, NOW)
      expect(next.state.users.get('a')?.devices[0]).toBe(state.users.get('a')?.devices[0])
    })

    it('is stale after a change that follows on one it lacks, until the next sync', () => {
      const lacking = [
        update(9, { user: about('a'), device: device('3'), after: 8 }),
        update(9, { user: about('a'), gone: '1', after: 8 }),
        update(9, { user: about('z'), device: device('1'), after: 8 }),
        update(9, { user: about('z'), device: device('1') }),
      ]
      for (const change of lacking) {
        const { state, users, changes } = fold([sync, 5], [change])
        expect(state.stale).toBe(true)
        expect([users, changes]).toEqual([fold([sync, 5]).users, []])
        // Others are followed meanwhile.
        const other = update(10, { user: about('b'), device: device('1', 'new'), after: 2 })
        expect(fold([sync, 5], [change], [other]).changes).toEqual(['updated b'])
        const fresh = event('sync', { users: [{ ...about('z'), devices: [], at: 9 }] })
        const then = fold([sync, 5], [change], [other], [fresh, 10])
        expect([then.state.stale, then.ids]).toEqual([false, ['z']])
      }
    })

    it('takes a join for the whole user, and a change without an offset for the next', () => {
      const again = event('join', { user: about('a'), device: device('7') }, 9)
      expect(fold([sync, 5], [again]).users[0]?.devices).toEqual([device('7')])
      const change = event('update', { user: about('a'), device: device('7', 1), after: 3 })
      expect(fold([sync, 5], [change]).users[0]?.devices).toHaveLength(3)
    })

    it('applies those that arrived before the sync and follow it', () => {
      const early = [
        update(5, { user: about('a'), gone: '9', after: 3 }),
        update(6, { user: about('a'), device: device('2', 'new'), after: 4 }),
        update(7, { user: about('a'), gone: '1', after: 6 }),
      ].map((one): [EventFrame] => [one])
      const { state, users } = fold(...early, [sync, 5])
      expect(users[0]?.devices).toEqual([device('2', 'new')])
      expect(state.stale).toBe(false)
    })

    it('reports a sign of life for a change of nothing else', () => {
      const change = update(6, {
        ...{ user: about('a', 'Anna', NOW + 1), after: 4 },
        device: { ...device('1', { n: 1 }), lastSeen: NOW + 1 },
      })
      expect(fold([sync, 5], [change]).changes).toEqual(['seen a'])
    })
  })

  it('ignores invalid users, and unknown events', () => {
    const odd = [undefined, null, 7, '', [], {}, { id: 7 }, { users: 7 }, { user: null }]
    for (const payload of odd.filter((one) => one !== '')) {
      for (const type of ['join', 'leave', 'heartbeat', 'cheered', 'update']) {
        expect(fold([event('sync', ['a'])], [event(type, payload)]).ids).toEqual(['a'])
      }
      expect(fold([event('sync', payload)]).ids).toEqual([])
    }
    expect(fold([event('sync', ['a'])], [event('cheered', 'a')]).changes).toEqual([])
    const devices = [7, null, { id: 1 }, { id: 'ok', lastSeen: 'never' }]
    const sync = event('sync', [{ id: '__proto__', lastSeen: 'soon', devices }])
    expect(fold([sync]).users).toMatchObject([
      { id: '__proto__', lastSeen: NOW, devices: [{ id: 'ok', lastSeen: NOW }] },
    ])
  })

  it('buffers at most a thousand events before the sync', () => {
    const many = Array.from({ length: 1_500 }, (_, n): [EventFrame] => [
      event('join', { user: user(`u${n}`) }),
    ])
    expect(fold(...many).state.waiting).toHaveLength(1_000)
    const { ids } = fold(...many, [event('sync', [])])
    expect([ids.length, ids.at(-1)]).toEqual([1_000, 'u1499'])
  })
})
