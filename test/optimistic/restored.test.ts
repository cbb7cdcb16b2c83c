import { describe, expect, it, vi } from 'vitest'
import type { ClientOptions, EntityApi, OptimisticOptions } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { contract } from 'wirefold/contract'
import { MemoryOutboxDatabase } from 'wirefold/testing'
import { z } from 'zod'
import { asFields } from '../../src/protocol/fields.ts'
import { tabs } from '../storage/tabs.ts'
import { outcomeOf } from '../support/scripted.ts'
import { requestApi } from './request-api.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS = 'entity:Task'
/** Longer than a lease plus the interval between claims. */
const CLAIMED_MS = 41_000

/** Pages with one list of tasks, and their server, which is unreachable at first. */
function boards(serving: { readonly events: boolean } = { events: true }) {
  const rows = new Map<string, Task>()
  let offset = 0
  const database = new MemoryOutboxDatabase()
  const world = tabs(database, (type, payload, message) => {
    const fields = asFields(payload)
    const id = type === 'create' ? `t${rows.size + 1}` : String(fields.id)
    if (String(fields.title).startsWith('!')) throw new Error('bad-title')
    if (fields.title === 'odd') return { id, title: 5 }
    const row = { ...rows.get(id), ...fields, id } as Task
    if (type === 'delete') rows.delete(id)
    else rows.set(id, row)
    const event = { type: `entity:${type}d`, channel: TASKS, id: message.id, offset: ++offset }
    if (serving.events) world.server.send({ ...event, payload: row })
    return row
  })
  rows.set('a', { id: 'a', title: 'one' })
  rows.set('b', { id: 'b', title: 'gone' })
  world.server.transport.refusing = true

  /** A page that shows previously fetched rows, since it cannot fetch now. */
  function open(options: ClientOptions = {}, managing: OptimisticOptions = {}) {
    const tab = world.open(options)
    const channels = new ChannelSubscriber(tab.client)
    const load = async () => ({ state: [...rows.values()] })
    const list = () => bindList(channels, TASKS, { load })
    const tasks = list()
    tasks.source.confirm(() => [...rows.values()])
    const optimistic = new OptimisticManager({
      client: tab.client,
      api: requestApi(),
      ...managing,
    })
    const view = optimistic.view(tasks)
    view.subscribe(() => {})
    const titles = () => view.get().map(({ title }) => title)
    /** Ends the page as a reload does. */
    const leave = async () => {
      tab.happen('hide')
      await world.clock.advance(0)
      tab.kill()
    }
    return { ...tab, list, tasks, optimistic, view, titles, leave }
  }
  const back = async () => {
    world.server.transport.refusing = false
    await world.clock.advance(20_000)
  }
  const create = ({ optimistic, tasks }: ReturnType<typeof open>, title: string) =>
    outcomeOf(optimistic.create<Task>('Task', { title }, tasks))
  return { ...world, database, rows, open, back, create }
}

describe('a stored mutation', () => {
  it('is shown by the next page, and sent once', async () => {
    const { clock, open, back, create, log, rows } = boards()
    const first = open()
    create(first, 'new')
    outcomeOf(first.optimistic.update<Task>('Task', 'a', { title: 'ONE' }, first.tasks))
    outcomeOf(first.optimistic.delete('Task', 'b', first.tasks))
    await clock.advance(40_000)
    expect(first.titles()).toEqual(['ONE', 'new'])
    await first.leave()
    const second = open()
    await clock.advance(40_000)
    expect(second.titles()).toEqual(['ONE', 'new'])
    expect(second.view.get().map(({ _optimistic }) => _optimistic)).toEqual([true, true])
    expect(second.optimistic.pending.get().map(({ intent }) => intent)).toEqual([
      { kind: 'create', entity: 'Task', data: { title: 'new' } },
      { kind: 'update', entity: 'Task', id: 'a', data: { title: 'ONE' } },
      { kind: 'delete', entity: 'Task', id: 'b' },
    ])
    await back()
    expect(log).toEqual(['create', 'update', 'delete'])
    expect(second.titles()).toEqual(['ONE', 'new'])
    expect(second.view.get()).toEqual([...rows.values()])
    expect(second.optimistic.pending.get()).toEqual([])
    expect(second.settled.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  })

  it('is looked for at the client only while its view is followed', async () => {
    const { open } = boards()
    const { client, optimistic, list } = open()
    const { restored } = client.port
    let listeners = 0
    if (!restored) throw new Error('The client has no restored mutations.')
    const listen = restored.subscribe.bind(restored)
    vi.spyOn(restored, 'subscribe').mockImplementation((run) => {
      listeners++
      const off = listen(run)
      return () => {
        listeners--
        off()
      }
    })
    const off = optimistic.view(list()).subscribe(() => {})
    expect(listeners).toBe(1)
    off()
    expect(listeners).toBe(0)
    // Such as the view of a component that is rendered and never shown.
    optimistic.view(list()).get()
    expect(listeners).toBe(0)
  })

  it('becomes the row of the reply if no event arrives', async () => {
    const { clock, open, back, create, rows } = boards({ events: false })
    const first = open()
    create(first, 'new')
    await clock.advance(1)
    await first.leave()
    const second = open()
    await clock.advance(1)
    await back()
    expect(second.view.get()).toEqual([...rows.values()])
    expect(second.titles()).toEqual(['one', 'gone', 'new'])
  })

  it('is confirmed by what the contract makes of its reply, or taken back', async () => {
    const title = z.string().transform((text) => text.length)
    const reply = z.object({ id: z.string(), title })
    const parts = { requests: { create: { payload: z.object({ title: z.string() }), reply } } }
    const options: ClientOptions = { contract: contract(parts), validate: 'always' }
    const { clock, open, back, create } = boards({ events: false })
    const first = open(options)
    create(first, 'new')
    create(first, 'odd')
    await clock.advance(1)
    await first.leave()
    const second = open(options)
    await clock.advance(1)
    await back()
    const { settled } = second
    expect(settled.map(({ reply, error }) => [reply?.payload, error?.code])).toEqual([
      [{ id: 't3', title: 3 }, undefined],
      [undefined, 'bad-reply'],
    ])
    expect(second.optimistic.pending.get()).toEqual([])
  })

  it('is pending also while no view of its channel is shown', async () => {
    const { clock, open, create, back } = boards()
    const first = open()
    create(first, 'new')
    await clock.advance(1)
    await first.leave()
    const { client } = open()
    const { pending } = new OptimisticManager({ client, api: requestApi() })
    const counts: number[] = []
    pending.subscribe((all) => counts.push(all.length))
    await clock.advance(1)
    await back()
    expect(counts).toEqual([0, 1, 0])
  })

  it('is no longer shown once it is refused', async () => {
    const { clock, open, back, create } = boards()
    const first = open()
    create(first, '!new')
    await clock.advance(1)
    await first.leave()
    const second = open()
    await clock.advance(1)
    expect(second.titles()).toEqual(['one', 'gone', '!new'])
    await back()
    expect(second.titles()).toEqual(['one', 'gone'])
    expect(second.settled).toMatchObject([{ error: { code: 'bad-title' } }])
  })

  it('is shown below a later mutation of the same row', async () => {
    const { clock, open, back, rows } = boards()
    const first = open()
    outcomeOf(first.optimistic.update<Task>('Task', 'a', { title: 'older' }, first.tasks))
    await clock.advance(1)
    await first.leave()
    const second = open()
    // The outbox has not been read yet.
    outcomeOf(second.optimistic.update<Task>('Task', 'a', { title: 'newer' }, second.tasks))
    await clock.advance(1)
    expect(second.optimistic.pending.get()).toHaveLength(2)
    expect(second.titles()).toEqual(['newer', 'gone'])
    await back()
    expect([second.titles(), rows.get('a')?.title]).toEqual([['newer', 'gone'], 'newer'])
  })

  it('of a crashed page is shown by the page that sends it', async () => {
    const { clock, open, back, create, rows, behaviour } = boards({ events: false })
    behaviour.answers = false
    const first = open()
    const second = open()
    create(first, 'new')
    await clock.advance(1)
    first.kill()
    expect(second.titles()).toEqual(['one', 'gone'])
    await back()
    await clock.advance(CLAIMED_MS)
    expect(second.titles()).toEqual(['one', 'gone', 'new'])
    expect([second.optimistic.pending.get().length, rows.size]).toEqual([1, 3])
  })

  it('is shown by every view of its channel, including later ones', async () => {
    const { clock, open, create } = boards()
    const first = open()
    create(first, 'new')
    await clock.advance(1)
    await first.leave()
    const second = open()
    await clock.advance(1)
    const later = second.optimistic.view(second.list())
    expect(later.get().map(({ title }) => title)).toEqual(['new'])
    expect(second.optimistic.pending.get()).toHaveLength(1)
  })

  it('of another user is not shown', async () => {
    const { clock, open, back, create, server, rows } = boards()
    server.welcome = { userId: 'ada' }
    server.transport.refusing = false
    const first = open()
    await clock.advance(100)
    server.transport.refusing = true
    server.drop()
    await clock.advance(0)
    create(first, 'new')
    await clock.advance(1)
    await first.leave()
    const second = open()
    await clock.advance(1)
    // The client assumes the last user until the server reports another one.
    expect(second.titles()).toEqual(['one', 'gone', 'new'])
    server.welcome = { userId: 'eve' }
    await back()
    expect([second.titles(), rows.size]).toEqual([['one', 'gone'], 2])
  })

  it('that is too large, or has custom functions, is sent but not shown again', async () => {
    const { clock, open, back, create, log, database } = boards()
    const api = {
      ...requestApi(),
      create: (...[, , { request }]) => request('create'),
    } satisfies EntityApi
    const first = open({}, { api })
    create(first, 'x'.repeat(65_536))
    const on = first.tasks
    outcomeOf(
      first.optimistic.mutate('new', {
        on,
        apply: (rows, title) => [...rows, { id: 'c', title }],
        request: (title, { request }) => request('create', { title }),
      }),
    )
    await clock.advance(1)
    const stored = [...database.requests.values()].map(({ mutation }) => mutation)
    expect(stored).toEqual([undefined, undefined])
    await first.leave()
    const second = open()
    await clock.advance(1)
    expect(second.titles()).toEqual(['one', 'gone'])
    await back()
    expect(log).toEqual(['create', 'create'])
  })

  it('is sent after close() and connect(), and its row is shown once', async () => {
    const { clock, open, back, create, rows } = boards()
    const page = open()
    const made = create(page, 'new')
    await clock.advance(1)
    page.client.close()
    await clock.advance(1)
    expect(made.error).toMatchObject({ code: 'closed' })
    expect(page.titles()).toEqual(['one', 'gone'])
    void page.client.connect()
    await back()
    await clock.advance(CLAIMED_MS)
    expect(page.view.get()).toEqual([...rows.values()])
    expect(page.titles()).toEqual(['one', 'gone', 'new'])
  })
})
