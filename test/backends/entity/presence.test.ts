import { describe, expect, it } from 'vitest'
import type { PresenceUser } from 'wirefold'
import { ManualClock } from 'wirefold/testing'
import { asFields } from '../../../src/protocol/fields.ts'
import { EntityBackend, tab } from '../../support/entity-backend.ts'
import { outcomeOf } from '../../support/scripted.ts'

const ROOM = 'workspace/tasks'

function town(shape: 'long' | 'short' = 'long') {
  const clock = new ManualClock()
  const backend = new EntityBackend(clock)
  backend.shape = shape
  return {
    clock,
    backend,
    tab: (token?: string) => tab(backend, clock, token),
    /** Presence messages so far: sender, type and metadata. */
    sent: () =>
      backend.received
        .filter(({ type }) => String(type).startsWith('presence:'))
        .map(({ by, type, payload }) => [by, type, asFields(payload).metadata]),
  }
}

const names = (users: readonly PresenceUser[]) => users.map(({ name }) => name)

/** Subscribes to the members of a resource; the returned function returns their names. */
function watched({ presence }: ReturnType<typeof tab>, resource = ROOM) {
  const users = presence.of(resource)
  users.subscribe(() => {})
  return () => names(users.get())
}

describe.each(['long', 'short'] as const)('presence over an entity backend, %s', (shape) => {
  it('shows joins, updates and leaves in both tabs', async () => {
    const { clock, tab, sent } = town(shape)
    const [ines, jon] = [tab('ines'), tab('jon')]
    const [seenByInes, seenByJon] = [watched(ines), watched(jon)]
    const handle = ines.presence.enter(ROOM, { color: 'blue' })
    const otherHandle = jon.presence.enter(ROOM)
    const ready = outcomeOf(handle.ready)
    await clock.advance(1)
    expect(ready).toHaveProperty('value')
    expect(seenByInes()).toEqual(['ines', 'jon'])
    expect(seenByJon()).toEqual(['ines', 'jon'])
    handle.update({ color: 'red' })
    await clock.advance(1_000)
    expect(jon.presence.of(ROOM).get()[0]).toEqual({
      ...{ id: 'u-ines', name: 'ines', meta: { color: 'red' }, devices: [] },
      lastSeen: expect.any(Number),
    })
    otherHandle()
    await clock.advance(1)
    expect(seenByInes()).toEqual(['ines'])
    expect(sent().map(([by, type]) => `${by} ${type}`)).toEqual([
      ...['ines presence:join', 'jon presence:join', 'ines presence:join', 'jon presence:leave'],
    ])
    expect([...ines.errors, ...jon.errors]).toEqual([])
  })
})

describe('a subscriber to presence at an entity backend', () => {
  it('receives the member list, even if it subscribes after its join', async () => {
    const { clock, tab, sent } = town()
    const [ines, jon] = [tab('ines'), tab('jon')]
    ines.presence.enter(ROOM, { color: 'blue' })
    jon.presence.enter(ROOM)
    await clock.advance(5_000)
    const seen = watched(ines)
    await clock.advance(1)
    expect(seen()).toEqual(['ines', 'jon'])
    // The client has repeated its join, and sent nothing else.
    expect(sent().at(-1)).toEqual(['ines', 'presence:join', { color: 'blue' }])
    expect(watched(jon)()).toEqual([])
    await clock.advance(1)
    expect(names(jon.presence.of(ROOM).get())).toEqual(['ines', 'jon'])
  })

  it('sends one join and one subscribe if both begin at once, in either order', async () => {
    for (const order of ['enter first', 'watch first']) {
      const { clock, tab, backend } = town()
      const [ines, jon] = [tab('ines'), tab('jon')]
      jon.presence.enter(ROOM)
      void ines.client.connect()
      await clock.advance(1_000)
      backend.received.length = 0
      if (order === 'enter first') ines.presence.enter(ROOM)
      const seen = watched(ines)
      if (order === 'watch first') ines.presence.enter(ROOM)
      await clock.advance(1)
      expect(backend.received.map(({ type }) => type).sort()).toEqual([
        'presence:join',
        'subscribe',
      ])
      expect(seen()).toEqual(['jon', 'ines'])
    }
  })

  it('receives joins after its own leave', async () => {
    const { clock, tab } = town()
    const [ines, jon, kim] = [tab('ines'), tab('jon'), tab('kim')]
    const handle = ines.presence.enter(ROOM)
    const seen = watched(ines)
    jon.presence.enter(ROOM)
    await clock.advance(1)
    handle()
    await clock.advance(1)
    expect(seen()).toEqual(['jon'])
    kim.presence.enter(ROOM)
    await clock.advance(1)
    expect(seen()).toEqual(['jon', 'kim'])
  })

  it('receives the member list only once it joins', async () => {
    const { clock, tab } = town()
    const [ines, jon] = [tab('ines'), tab('jon')]
    jon.presence.enter(ROOM)
    const seen = watched(ines)
    await clock.advance(1_000)
    // A list without the members that joined earlier would be incomplete.
    expect(seen()).toEqual([])
    ines.presence.enter(ROOM)
    await clock.advance(1)
    expect(seen()).toEqual(['jon', 'ines'])
  })

  it('does not subscribe again after a leave without a subscription', async () => {
    const { clock, tab, backend } = town()
    const ines = tab('ines')
    const handle = ines.presence.enter(ROOM)
    const stop = ines.presence.of(ROOM).subscribe(() => {})
    await clock.advance(1)
    stop()
    await clock.advance(5_000)
    handle()
    await clock.advance(5_000)
    expect(backend.received.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual([
      ...['subscribe', 'presence:join', 'unsubscribe', 'presence:leave'],
    ])
  })
})

describe('a reconnect to an entity backend', () => {
  it('joins every resource again with the newest meta, and restores the lists', async () => {
    const { clock, tab, backend, sent } = town()
    const [ines, jon] = [tab('ines'), tab('jon')]
    const [seenByInes, seenByJon] = [watched(ines), watched(jon)]
    const handle = ines.presence.enter(ROOM, { n: 1 })
    ines.presence.enter('lobby')
    jon.presence.enter(ROOM)
    await clock.advance(1)
    backend.dropAll()
    await clock.advance(1)
    handle.update({ n: 2 })
    handle.update({ n: 3 })
    const before = sent().length
    await clock.advance(5_000)
    expect(sent().slice(before)).toEqual([
      ['ines', 'presence:join', { n: 3 }],
      ['ines', 'presence:join', {}],
      ['jon', 'presence:join', {}],
    ])
    expect(seenByInes().sort()).toEqual(['ines', 'jon'])
    expect(seenByJon().sort()).toEqual(['ines', 'jon'])
    expect(
      jon.presence
        .of(ROOM)
        .get()
        .find(({ id }) => id === 'u-ines')?.meta,
    ).toEqual({ n: 3 })
  })

  it('does not join a resource that was left meanwhile', async () => {
    const { clock, tab, backend, sent } = town()
    const ines = tab('ines')
    const handle = ines.presence.enter(ROOM)
    await clock.advance(1)
    backend.dropAll()
    handle()
    await clock.advance(60_000)
    expect(sent().map(([, type]) => type)).toEqual(['presence:join'])
  })
})

describe('a presence heartbeat to an entity backend', () => {
  it('is sent every 25 s for all resources, so that the sweep keeps the client', async () => {
    const { clock, tab, backend } = town()
    const ines = tab('ines')
    const seen = watched(ines)
    ines.presence.enter(ROOM)
    const lobby = ines.presence.enter('lobby')
    await clock.advance(24_999)
    expect(backend.all('presence:heartbeat')).toEqual([])
    await clock.advance(1)
    expect(backend.all('presence:heartbeat')).toHaveLength(2)
    expect(backend.all('presence:heartbeat')[0]).toEqual({
      ...{ by: 'ines', type: 'presence:heartbeat', timestamp: expect.any(Number) },
    })
    lobby()
    for (let seconds = 0; seconds < 120; seconds++) {
      await clock.advance(1_000)
      backend.sweep()
    }
    expect(seen()).toEqual(['ines'])
    expect(backend.all('presence:heartbeat')).toHaveLength(6)
  })

  it('gets the client removed by the sweep if it does not arrive', async () => {
    const { clock, tab, backend } = town()
    const [ines, jon] = [tab('ines'), tab('jon')]
    const seen = watched(ines)
    ines.presence.enter(ROOM)
    jon.presence.enter(ROOM)
    await clock.advance(1)
    // The connection of Jon is frozen, and he cannot reconnect.
    for (const end of backend.pair.ends.slice(1)) end.frozen = true
    backend.pair.refusing = true
    await clock.advance(30_001)
    backend.sweep()
    await clock.advance(1)
    expect(seen()).toEqual(['ines'])
  })
})

describe('two tabs of one user at an entity backend', () => {
  it('are one user, with the meta of the newest tab', async () => {
    const { clock, tab } = town()
    const [older, newer, jon] = [tab('ines'), tab('ines'), tab('jon')]
    jon.presence.enter(ROOM)
    const seen = watched(jon)
    older.presence.enter(ROOM, { tab: 1 })
    await clock.advance(1)
    newer.presence.enter(ROOM, { tab: 2 })
    await clock.advance(1)
    expect(seen()).toEqual(['jon', 'ines'])
    expect(jon.presence.of(ROOM).get()[1]?.meta).toEqual({ tab: 2 })
    older.client.close()
    await clock.advance(1)
    expect(seen()).toEqual(['jon', 'ines'])
  })

  it('leave together when the newer closes, until the older updates', async () => {
    const { clock, tab } = town()
    const [older, newer, jon] = [tab('ines'), tab('ines'), tab('jon')]
    jon.presence.enter(ROOM)
    const seen = watched(jon)
    const handle = older.presence.enter(ROOM, { tab: 1 })
    await clock.advance(1)
    newer.presence.enter(ROOM, { tab: 2 })
    await clock.advance(1)
    newer.client.close()
    await clock.advance(1)
    expect(seen()).toEqual(['jon'])
    handle.update({ tab: 3 })
    await clock.advance(1_000)
    expect(seen()).toEqual(['jon', 'ines'])
  })
})

describe('an entity backend that refuses presence', () => {
  it('without a request id rejects the caller, and is sent one join', async () => {
    const { clock, tab, sent } = town()
    const guest = tab()
    const ready = outcomeOf(guest.presence.enter(ROOM).ready)
    await clock.advance(60_000)
    expect(ready.error).toMatchObject({ code: 'not-authenticated' })
    expect(sent()).toHaveLength(1)
    expect(guest.errors).toEqual([])
  })

  it('for its subscription limit keeps the member, and is reported once', async () => {
    const { clock, tab, backend, sent } = town()
    backend.most = 0
    const ines = tab('ines')
    const ready = outcomeOf(ines.presence.enter(ROOM).ready)
    await clock.advance(20_000)
    expect(ready).toHaveProperty('value')
    expect(sent()).toHaveLength(1)
    expect(ines.errors).toMatchObject([{ code: 'subscription-limit' }])
  })
})
