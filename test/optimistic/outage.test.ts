import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { memoryOutboxStorage } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { requestApi } from './request-api.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS = 'entity:Task'

/** A view of tasks on a server that replies unless `behaviour.answers` is false. */
async function board(options: ClientOptions = {}, behaviour = { answers: true }) {
  const answer = (_type: string, payload: unknown) =>
    behaviour.answers ? { id: 'a', ...Object(payload) } : undefined
  const parts = scripted({ answer }, options)
  const { client, clock, server } = parts
  const tasks = bindList(new ChannelSubscriber(client), TASKS, {
    load: async () => ({ state: [{ id: 'a', title: 'one' }] }),
  })
  const optimistic = new OptimisticManager({ client, api: requestApi() })
  const view = optimistic.view(tasks)
  const titles = () => view.get().map((row) => Object(row).title)
  const disconnect = async () => {
    server.transport.refusing = true
    server.drop()
    await clock.advance(0)
  }
  const back = async () => {
    server.transport.refusing = false
    await clock.advance(13_000)
  }
  const create = (title: string) =>
    outcomeOf(optimistic.create<Task>('Task', { title } as Partial<Task>, tasks))
  view.subscribe(() => {})
  await clock.advance(10)
  expect(titles()).toEqual(['one'])
  return { ...parts, tasks, optimistic, titles, disconnect, back, create, behaviour }
}

describe('a mutation while there is no connection', () => {
  it('stays pending beyond the request timeout, and is sent once', async () => {
    const { client, clock, server, titles, disconnect, back, create, optimistic } = await board()
    await disconnect()
    const made = create('two')
    const plain = outcomeOf(client.request('plain'))
    await clock.advance(40_000)
    expect(plain.error).toMatchObject({ code: 'request-timeout', detail: { timeoutMs: 10_000 } })
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
    expect([server.count('create'), optimistic.pending.get()]).toEqual([1, []])
  })

  it('is rejected after its time to live, as unsent', async () => {
    const { clock, titles, disconnect, create, server } = await board()
    await disconnect()
    const made = create('two')
    await clock.advance(59_999)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await clock.advance(1)
    expect(made.error).toMatchObject({
      code: 'request-timeout',
      detail: { timeoutMs: 60_000, sent: false },
    })
    expect([titles(), server.count('create')]).toEqual([['one'], 0])
  })

  it('times out like a request if the server does not reply', async () => {
    const { clock, titles, create } = await board({}, { answers: false })
    const made = create('two')
    await clock.advance(9_999)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await clock.advance(1)
    expect(made.error).toMatchObject({
      code: 'request-timeout',
      detail: { timeoutMs: 10_000, sent: true },
    })
    expect(titles()).toEqual(['one'])
  })

  it('stays pending if the connection is lost before the reply', async () => {
    const { clock, titles, disconnect, back, create, behaviour, server } = await board(
      {},
      { answers: false },
    )
    const made = create('two')
    await clock.advance(5_000)
    await disconnect()
    await clock.advance(30_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    behaviour.answers = true
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
    expect(server.count('create')).toBe(2)
  })

  it('is rejected after its time to live if its reply was lost', async () => {
    const { clock, titles, disconnect, create } = await board({}, { answers: false })
    const made = create('two')
    await clock.advance(5_000)
    await disconnect()
    await clock.advance(54_999)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await clock.advance(1)
    expect(made.error).toMatchObject({
      code: 'request-timeout',
      detail: { timeoutMs: 60_000, sent: true },
    })
    expect(titles()).toEqual(['one'])
  })

  it('with custom functions stays pending as well', async () => {
    const { clock, optimistic, tasks, titles, disconnect, back } = await board()
    await disconnect()
    const made = outcomeOf(
      optimistic.mutate('two', {
        on: tasks,
        apply: (rows, title) => [...rows, { id: 'b', title }],
        request: (title, { request }) => request('create', { id: 'b', title }),
      }),
    )
    await clock.advance(40_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toEqual({ id: 'b', title: 'two' })
  })

  it('stays pending in a stored outbox until it settles', async () => {
    const storage = memoryOutboxStorage()
    const { clock, titles, disconnect, back, create } = await board({ outbox: { storage } })
    await disconnect()
    const made = create('two')
    await clock.advance(3_600_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
  })
})
