import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { memoryOutboxStorage } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { askingApi } from './asking-api.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS = 'entity:Task'

/** A view of tasks over a server that answers after `replyMs`; `undefined` for never. */
async function board(options: ClientOptions = {}, behaviour = { answers: true }) {
  const answer = (_type: string, payload: unknown) =>
    behaviour.answers ? { id: 'a', ...Object(payload) } : undefined
  const parts = scripted({ answer }, options)
  const { client, clock, server } = parts
  const tasks = bindList(new ChannelSubscriber(client), TASKS, {
    load: async () => ({ state: [{ id: 'a', title: 'one' }] }),
  })
  const optimistic = new OptimisticManager({ client, api: askingApi() })
  const view = optimistic.view(tasks)
  const titles = () => view.get().map((row) => Object(row).title)
  const cutOff = async () => {
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
  return { ...parts, tasks, optimistic, titles, cutOff, back, create, behaviour }
}

describe('a mutation while there is no connection', () => {
  it('stays pending beyond the timeout of requests, and is sent once', async () => {
    const { client, clock, server, titles, cutOff, back, create, optimistic } = await board()
    await cutOff()
    const made = create('two')
    const asked = outcomeOf(client.request('plain'))
    await clock.advance(40_000)
    expect(asked.error).toMatchObject({ code: 'request-timeout', detail: { timeoutMs: 10_000 } })
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
    expect([server.count('create'), optimistic.pending.get()]).toEqual([1, []])
  })

  it('is given up after its time to live, with the truth', async () => {
    const { clock, titles, cutOff, create, server } = await board()
    await cutOff()
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

  it('times out as a request does where the server does not answer', async () => {
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

  it('waits again where the connection is lost before the reply', async () => {
    const { clock, titles, cutOff, back, create, behaviour, server } = await board(
      {},
      { answers: false },
    )
    const made = create('two')
    await clock.advance(5_000)
    await cutOff()
    await clock.advance(30_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    behaviour.answers = true
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
    expect(server.count('create')).toBe(2)
  })

  it('is given up after its time to live where its reply was lost', async () => {
    const { clock, titles, cutOff, create } = await board({}, { answers: false })
    const made = create('two')
    await clock.advance(5_000)
    await cutOff()
    await clock.advance(54_999)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await clock.advance(1)
    expect(made.error).toMatchObject({
      code: 'request-timeout',
      detail: { timeoutMs: 60_000, sent: true },
    })
    expect(titles()).toEqual(['one'])
  })

  it('made of functions stays pending as well', async () => {
    const { clock, optimistic, tasks, titles, cutOff, back } = await board()
    await cutOff()
    const made = outcomeOf(
      optimistic.mutate('two', {
        on: tasks,
        apply: (rows, title) => [...rows, { id: 'b', title }],
        request: (title, { ask }) => ask('create', { id: 'b', title }),
      }),
    )
    await clock.advance(40_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toEqual({ id: 'b', title: 'two' })
  })

  it('stays pending in a stored outbox until it is settled', async () => {
    const storage = memoryOutboxStorage()
    const { clock, titles, cutOff, back, create } = await board({ outbox: { storage } })
    await cutOff()
    const made = create('two')
    await clock.advance(3_600_000)
    expect([made, titles()]).toEqual([{}, ['one', 'two']])
    await back()
    expect(made.value).toMatchObject({ title: 'two' })
  })
})
