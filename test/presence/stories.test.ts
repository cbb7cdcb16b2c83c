import { expect, it } from 'vitest'
import { town } from './people.ts'

const room = 'workspace/tasks'

/** A town with a user who watches the room from the start. */
async function watched() {
  const parts = town()
  const watcher = parts.client('watcher')
  watcher.presence.of(room).subscribe(() => {})
  await parts.clock.advance(100)
  const ids = () =>
    watcher.presence
      .of(room)
      .get()
      .map(({ id }) => id)
  return { ...parts, watcher, ids }
}

it('a user with two tabs stays when one is closed, and leaves with the last one', async () => {
  const { clock, client, ids, watcher } = await watched()
  const [old, fresh] = [client('anna'), client('anna')]
  old.presence.enter(room, 'old')
  await clock.advance(100)
  fresh.presence.enter(room, 'new')
  await clock.advance(100)
  const [anna] = watcher.presence.of(room).get()
  expect(anna).toMatchObject({ meta: 'new', devices: [{ meta: 'old' }, { meta: 'new' }] })
  fresh.client.close()
  await clock.advance(20_000)
  expect(watcher.presence.of(room).get()).toMatchObject([{ meta: 'old', devices: [{}] }])
  old.client.close()
  await clock.advance(20_000)
  expect(ids()).toEqual([])
  expect(watcher.changes).toEqual(['joined anna', 'updated anna', 'updated anna', 'left anna'])
})

it('a user who leaves is removed at once', async () => {
  const { clock, client, ids } = await watched()
  const anna = client('anna')
  const handle = anna.presence.enter(room)
  await clock.advance(100)
  handle()
  await clock.advance(10)
  expect(ids()).toEqual([])
})

it('a killed client is removed after the grace period', async () => {
  const { clock, client, disconnect, ids } = await watched()
  const anna = client('anna')
  anna.presence.enter(room)
  await clock.advance(100)
  anna.pair.refusing = true
  disconnect(anna.pair)
  await clock.advance(14_990)
  expect(ids()).toEqual(['anna'])
  await clock.advance(20)
  expect(ids()).toEqual([])
})

it('a client behind a frozen connection is removed 30 s after its last heartbeat', async () => {
  const { clock, client, ids } = await watched()
  const anna = client('anna')
  anna.presence.enter(room)
  await clock.advance(100)
  anna.pair.frozen = true
  anna.pair.last.frozen = true
  await clock.advance(29_800)
  expect(ids()).toEqual(['anna'])
  await clock.advance(200)
  expect(ids()).toEqual([])
  anna.pair.frozen = false
  await clock.advance(30_000)
  expect(ids()).toEqual(['anna'])
})

it('a client that reconnects within the grace period stays present, with its newest meta', async () => {
  const { clock, client, disconnect, watcher } = await watched()
  const anna = client('anna')
  const handle = anna.presence.enter(room, 1)
  await clock.advance(100)
  for (let n = 0; n < 5; n++) {
    disconnect(anna.pair)
    await clock.advance(10_000)
  }
  expect(watcher.changes).toEqual(['joined anna'])
  disconnect(anna.pair)
  await clock.advance(10)
  handle.update(2)
  await clock.advance(60_000)
  expect(watcher.changes).toEqual(['joined anna', 'updated anna'])
  expect(watcher.presence.of(room).get()).toMatchObject([{ meta: 2 }])
})

it('a server that is drained causes no leaves or joins', async () => {
  const { clock, client, handOver, watcher, errors, present } = await watched()
  const people = [client('anna'), client('ben')]
  for (const { presence } of people) presence.enter(room, 1)
  await clock.advance(6_000)
  for (let n = 0; n < 3; n++) {
    await handOver()
    await clock.advance(60_000)
  }
  expect(people.map(({ pair }) => pair.ends.length)).toEqual([4, 4])
  expect(watcher.changes).toEqual(['joined anna', 'joined ben'])
  expect((await present(room)).map(({ id, devices }) => [id, devices.length])).toEqual([
    ['anna', 1],
    ['ben', 1],
  ])
  expect(errors).toEqual([])
})

it('a drained server removes the users who left before', async () => {
  const { clock, client, handOver, ids } = await watched()
  const anna = client('anna')
  anna.presence.enter(room)
  await handOver()
  anna.client.close()
  await clock.advance(100)
  await handOver()
  await clock.advance(30_000)
  expect(ids()).toEqual([])
})

it('a watcher that was disconnected receives the changes, and nothing else', async () => {
  const { clock, client, disconnect, watcher, ids } = await watched()
  const [anna, ben] = [client('anna'), client('ben')]
  const handle = anna.presence.enter(room)
  ben.presence.enter(room)
  await clock.advance(100)
  watcher.pair.refusing = true
  disconnect(watcher.pair)
  await clock.advance(3_000)
  handle()
  const eva = client('eva')
  eva.presence.enter(room)
  await clock.advance(3_000)
  watcher.pair.refusing = false
  await clock.advance(30_000)
  expect(ids()).toEqual(['ben', 'eva'])
  expect(watcher.changes).toEqual(['joined anna', 'joined ben', 'left anna', 'joined eva'])
})

it('a watcher learns what was withheld from it: a user that it may see later', async () => {
  let hidden = false
  const { clock, client, present, errors } = town({
    canSee: (viewer, { id }) => !(hidden && viewer?.id === 'watcher' && id === 'anna'),
  })
  const watcher = client('watcher')
  const list = watcher.presence.of(room)
  list.subscribe(() => {})
  const tabs = [client('anna'), client('anna')] as const
  const first = tabs[0].presence.enter(room, 1)
  await clock.advance(2_000)
  const devices = () => list.get().map(({ id, devices: of }) => [id, ...of.map(({ meta }) => meta)])
  expect(devices()).toEqual([['anna', 1]])
  hidden = true
  first.update(2)
  await clock.advance(2_000)
  expect(devices()).toEqual([['anna', 1]])
  hidden = false
  const second = tabs[1].presence.enter(room, 3)
  await clock.advance(2_000)
  expect(devices()).toEqual([['anna', 2, 3]])
  // Never seen before: the list arrives with the first change.
  first()
  second()
  await clock.advance(2_000)
  expect(devices()).toEqual([])
  hidden = true
  const again = tabs[0].presence.enter(room, 4)
  await clock.advance(2_000)
  hidden = false
  again.update(5)
  await clock.advance(2_000)
  expect(devices()).toEqual([['anna', 5]])
  expect(watcher.changes).toEqual([
    'joined anna',
    'updated anna',
    'updated anna',
    'left anna',
    'joined anna',
  ])
  expect((await present(room)).map(({ id }) => id)).toEqual(['anna'])
  expect(errors).toEqual([])
})

it('a watcher that lacks every second change requests the list once a second at most', async () => {
  let events = 0
  let lists = 0
  let withheld = true
  const { clock, client, present } = town({
    canReceive: (user, _, { type }) => {
      if (user?.id !== 'watcher') return true
      if (type === 'presence:sync') lists += 1
      return type !== 'presence:update' || !withheld || ++events % 2 === 0
    },
  })
  const watcher = client('watcher')
  watcher.presence.of(room).subscribe(() => {})
  const people = Array.from({ length: 10 }, () => client('anna'))
  const here = people.map(({ presence }) => presence.enter(room, 0))
  await clock.advance(1_000)
  lists = 0
  for (let n = 1; n <= 10; n++) {
    for (const one of here) {
      one.update(n)
      await clock.advance(100)
    }
  }
  expect(lists).toBeGreaterThan(5)
  expect(lists).toBeLessThanOrEqual(12)
  withheld = false
  for (const one of here) one.update('last')
  await clock.advance(5_000)
  const metas = (users: readonly { readonly id: string; readonly meta?: unknown }[]) =>
    users.map(({ id, meta }) => [id, meta])
  expect(metas(watcher.presence.of(room).get())).toEqual(metas(await present(room)))
})

it('a resource can have any name, and is separate from others', async () => {
  const { clock, client } = await watched()
  const anna = client('anna')
  const ben = client('ben')
  const names = ['a/b:c', 'a', '__proto__', 'ä €', 'presence:x']
  for (const name of names) {
    ben.presence.of(name).subscribe(() => {})
    anna.presence.enter(name, name)
  }
  await clock.advance(100)
  for (const name of names) {
    expect(ben.presence.of(name).get()).toMatchObject([{ id: 'anna', meta: name }])
  }
})

it('a client without a user cannot be present, but can watch', async () => {
  const { clock, client } = await watched()
  const anonymous = client('')
  const anna = client('anna')
  anna.presence.enter(room)
  anonymous.presence.of(room).subscribe(() => {})
  const refused = expect(anonymous.presence.enter(room).ready).rejects.toMatchObject({
    code: 'not-authenticated',
  })
  await clock.advance(100)
  await refused
  expect(anonymous.presence.of(room).get()).toMatchObject([{ id: 'anna' }])
})
