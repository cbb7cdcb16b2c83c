import { describe, expect, it } from 'vitest'
import type { ClientOptions, EntityApi } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { storedOutbox } from 'wirefold/indexeddb'
import type { RealtimeServer, RealtimeServerOptions } from 'wirefold/server'
import { ManualClock, MemoryOutboxDatabase } from 'wirefold/testing'
import { asFields } from '../../src/protocol/fields.ts'
import { requestApi } from '../optimistic/request-api.ts'
import { deferred, RawClient } from '../server/raw-client.ts'
import { balanced, connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'
import { started } from '../support/started.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS = 'entity:Task'

const people: RealtimeServerOptions = {
  authenticate: ({ token }) => (token === undefined ? null : { id: token }),
}

/** Rows that servers share, and the steps at which the creation of a row called `slow` waits. */
function tasks() {
  const rows: Task[] = []
  const [stored, answered] = [deferred<void>(), deferred<void>()]
  const runs: string[] = []
  const handle = (server: RealtimeServer): void => {
    server.handle('list', () => rows)
    server.handle('create', async (payload, { publish }) => {
      const { title: given, clientId } = asFields(payload)
      const title = String(given)
      runs.push(title)
      if (title === 'slow') await stored.promise
      // As applications do that store what they are sent.
      const row = {
        id: `t${rows.length + 1}`,
        title,
        ...(clientId === undefined ? {} : { clientId }),
      }
      rows.push(row)
      await publish(TASKS, 'entity:created', row)
      if (title === 'slow') await answered.promise
      return row
    })
  }
  return { handle, stored, answered, runs }
}

/** A page that shows the tasks. */
async function page(url: string, options: ClientOptions = {}) {
  const { client } = connect(url, options)
  const channels = new ChannelSubscriber(client)
  const own: unknown[] = []
  await channels.subscribe(TASKS, (payload, event) => {
    own.push([asFields(payload).title, client.isOwn(event)])
  }).ready
  const load = async () => ({ state: await client.request<readonly Task[]>('list') })
  const list = started(bindList(channels, TASKS, { load }))
  // Sent again also to a server whose memory is as young as the test.
  const create: EntityApi['create'] = (_, data, { request }) =>
    request('create', data, { idempotent: true })
  const optimistic = new OptimisticManager({ client, api: { ...requestApi(), create } })
  const view = optimistic.view(list)
  await until(() => expect(list.status.get().name).toBe('live'))
  const titles = () => view.get().map(({ title, _optimistic }) => title + (_optimistic ? '…' : ''))
  const add = (title: string) => optimistic.create<Task>('Task', { title }, list)
  return { client, own, titles, add, pending: optimistic.pending }
}

describe('a user who sends a request with the id of an event of another client', () => {
  it('removes no pending row of the first client, and its event is not own()', async () => {
    const { server, url } = await serve(people)
    const { handle, stored, answered } = tasks()
    handle(server)
    const ada = await page(url, { auth: () => 'ada' })
    const eve = await RawClient.greeted(url, { token: 'eve' })
    await eve.subscribe(TASKS)
    await ada.add('first')
    const { id = '' } = await eve.next('entity:created')
    const slow = ada.add('slow')
    await until(() => expect(ada.titles()).toEqual(['first', 'slow…']))
    const [, clientId] = id.split(':')
    // The ids of all events that the client may cause next, as they are sent, and as they arrive.
    const guesses = [2, 3, 4].flatMap((n) => [
      `${clientId}:${n}`,
      `${ada.client.eventTag}${clientId}:${n}`,
    ])
    const forged = guesses.flatMap((guess) => [
      { requestId: `i${guess}`, id: guess, payload: { title: 'eve’s' } },
      { requestId: `c${guess}`, payload: { title: 'eve’s', clientId: guess } },
    ])
    for (const request of forged) {
      eve.send({ type: 'create', ...request })
      await eve.next('entity:created')
      await eve.next('reply')
    }
    const foreign = forged.map(() => 'eve’s')
    await until(() => expect(ada.titles()).toEqual(['first', ...foreign, 'slow…']))
    expect(ada.own).toEqual([['first', true], ...forged.map(() => ['eve’s', false])])
    stored.resolve()
    await until(() => expect(ada.titles()).toEqual(['first', ...foreign, 'slow']))
    answered.resolve()
    await slow
    expect(ada.titles()).toEqual(['first', ...foreign, 'slow'])
    expect(ada.own.at(-1)).toEqual(['slow', true])
  })
})

describe('a page that is loaded again, with the requests of the last one', () => {
  it.each([
    ['of a user', 'ada'],
    ['of no user', undefined],
  ])('recognises the event of a request %s before its reply', async (_, token) => {
    const { server, url } = await serve(people)
    const { handle, stored, answered, runs } = tasks()
    handle(server)
    const database = new MemoryOutboxDatabase()
    const options = () => ({
      outbox: { storage: storedOutbox(database) },
      ...(token === undefined ? undefined : { auth: () => token }),
    })
    const before = await page(url, options())
    before.add('slow').catch(() => {})
    await until(() => expect(runs).toEqual(['slow']))
    before.client.close()
    const after = await page(url, options())
    await until(() => expect(after.titles()).toEqual(['slow…']))
    stored.resolve()
    await until(() => expect(after.titles()).toEqual(['slow']))
    expect(after.pending.get()).toHaveLength(1)
    expect(after.client.eventTag).toBe(before.client.eventTag)
    answered.resolve()
    await until(() => expect(after.pending.get()).toEqual([]))
    expect([after.titles(), runs]).toEqual([['slow'], ['slow']])
  })
})

describeWithRedis('an event of a client that has moved to another server', async () => {
  const bench = await redisBench()

  it('is recognised there, before its reply', async () => {
    const { handle, stored, answered, runs } = tasks()
    const prefix = bench.prefix()
    const [a, b] = [
      await serve({ ...people, broker: await bench.broker({ prefix }) }),
      await serve({ ...people, broker: await bench.broker({ prefix }) }),
    ]
    for (const { server } of [a, b]) handle(server)
    const front = await balanced()
    front.backends.add(a.port)
    const ada = await page(front.url, { auth: () => 'ada' })
    const slow = ada.add('slow')
    await until(() => expect(runs).toEqual(['slow']))
    front.backends.clear()
    front.dropAll()
    front.backends.add(b.port)
    await until(() => expect(b.server.stats().subscriptions).toBe(1))
    stored.resolve()
    await until(() => expect(ada.titles()).toEqual(['slow']))
    expect(ada.own).toEqual([['slow', true]])
    expect(ada.pending.get()).toHaveLength(1)
    answered.resolve()
    await slow
    expect([ada.titles(), runs]).toEqual([['slow'], ['slow']])
  })
})

describeWithRedis('the secret of the brokers on one Redis', async () => {
  it('is one, and stays the same when Redis loses its memory', async () => {
    const bench = await redisBench()
    const prefix = bench.prefix()
    const clock = new ManualClock()
    const first = await bench.broker({ prefix, clock })
    const second = await bench.broker({ prefix })
    const { secret } = first
    expect(secret).toMatch(/^[\w-]{22}$/)
    expect(second.secret).toBe(secret)
    expect((await bench.broker({ prefix: bench.prefix() })).secret).not.toBe(secret)
    await bench.command('FLUSHALL')
    await clock.advance(10_000)
    await until(async () => expect(await bench.command('GET', `${prefix}:secret`)).toBe(secret))
    expect((await bench.broker({ prefix })).secret).toBe(secret)
  })

  it('becomes one again where a new broker was faster', async () => {
    const bench = await redisBench()
    const prefix = bench.prefix()
    const clock = new ManualClock()
    const first = await bench.broker({ prefix, clock })
    await bench.command('FLUSHALL')
    const { secret } = await bench.broker({ prefix })
    expect(first.secret).not.toBe(secret)
    await clock.advance(10_000)
    await until(() => expect(first.secret).toBe(secret))
  })
})
