import { describe, expect, it } from 'vitest'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { refuse } from 'wirefold/server'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../support/live.ts'
import { started } from '../support/started.ts'
import { requestApi } from './request-api.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const TASKS = 'entity:Task'

/** A server of tasks that refuses titles beginning with `!`. */
async function taskServer() {
  const { server, url } = await serve()
  const rows = new Map<string, Task>()
  const checked = (title: unknown): string => {
    if (String(title).startsWith('!')) throw refuse('bad-title', 'No shouting.')
    return String(title)
  }
  const get = (id: unknown): Task => {
    const row = rows.get(String(id))
    if (!row) throw refuse('not-found', 'There is no such task.')
    return row
  }
  server.handle('task:list', async () => [...rows.values()])
  server.handle('task:create', async (payload, { publish }) => {
    const row = { id: `t${rows.size + 1}`, title: checked(Object(payload).title) }
    rows.set(row.id, row)
    await publish(TASKS, 'entity:created', row)
    return row
  })
  server.handle('task:update', async (payload, { publish }) => {
    const { id, title } = Object(payload)
    const row = { ...get(id), title: checked(title) }
    rows.set(row.id, row)
    const data = { id, entityName: 'Task', data: row, userId: null }
    await publish(TASKS, 'entity:updated', data)
    await publish(`${TASKS}:${id}`, 'entity:updated', data)
    return row
  })
  server.handle('task:delete', async (payload, { publish }) => {
    const { id } = get(Object(payload).id)
    rows.delete(id)
    await publish(TASKS, 'entity:deleted', { id, entityName: 'Task', data: null, userId: null })
  })
  return { url, rows }
}

async function follower(url: string) {
  const sockets: WebSocket[] = []
  class TrackedSocket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      sockets.push(this)
    }
  }
  const { client, errors } = connect(url, { WebSocket: TrackedSocket })
  const channels = new ChannelSubscriber(client)
  const load = async () => ({ state: await client.request<readonly Task[]>('task:list') })
  const tasks = started(bindList(channels, TASKS, { load }))
  const optimistic = new OptimisticManager({
    client,
    api: requestApi('task:'),
  })
  const view = optimistic.view(tasks)
  const seen: string[] = []
  view.subscribe((rows) => {
    const titles = rows.map(({ title }) => title).join()
    if (seen.at(-1) !== titles) seen.push(titles)
  })
  await until(() => expect(tasks.status.get().name).toBe('live'))
  const terminate = () => sockets.at(-1)?.terminate()
  return { terminate, errors, tasks, optimistic, view, seen, titles: () => seen.at(-1) }
}

describe('two users with one list', () => {
  it('see each other’s changes, and their own at once', async () => {
    const { url, rows } = await taskServer()
    const [ada, bob] = [await follower(url), await follower(url)]
    const creating = ada.optimistic.create<Task>('Task', { title: 'write' }, ada.tasks)
    expect(ada.titles()).toBe('write')
    expect(ada.view.get()[0]?._optimistic).toBe(true)
    const { id } = await creating
    await until(() => expect(bob.titles()).toBe('write'))
    const updating = bob.optimistic.update<Task>('Task', id, { title: 'read' }, bob.tasks)
    expect(bob.titles()).toBe('read')
    await updating
    await until(() => expect(ada.titles()).toBe('read'))
    await ada.optimistic.delete('Task', id, ada.tasks)
    await until(() => expect(bob.titles()).toBe(''))
    expect(ada.seen).toEqual(['', 'write', 'read', ''])
    expect(bob.seen).toEqual(['', 'write', 'read', ''])
    await until(() => expect(ada.view.get()).toBe(ada.tasks.state.get()))
    expect([...rows.values(), ...ada.errors, ...bob.errors]).toEqual([])
  })

  it('see their change rolled back when a handler refuses it, and receive its error', async () => {
    const { url } = await taskServer()
    const { optimistic, tasks, seen } = await follower(url)
    const { id } = await optimistic.create<Task>('Task', { title: 'calm' }, tasks)
    const shouting = optimistic.update<Task>('Task', id, { title: '!loud' }, tasks)
    await expect(shouting).rejects.toMatchObject({
      code: 'bad-title',
      detail: { message: 'No shouting.', retryable: false },
    })
    const another = optimistic.create<Task>('Task', { title: '!new' }, tasks)
    await expect(another).rejects.toMatchObject({ code: 'bad-title' })
    await expect(optimistic.delete('Task', 't9', tasks)).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(seen).toEqual(['', 'calm', '!loud', 'calm', 'calm,!new', 'calm'])
  })

  it('lose nothing when the server drops their connection', async () => {
    const { url, rows } = await taskServer()
    const { terminate, optimistic, tasks, view, seen } = await follower(url)
    await optimistic.create<Task>('Task', { title: 'one' }, tasks)
    const creating = optimistic.create<Task>('Task', { title: 'two' }, tasks)
    terminate()
    const { id } = await creating
    await until(() => expect(view.get()).toEqual([...rows.values()]))
    expect(rows.get(id)?.title).toBe('two')
    expect(seen).toEqual(['', 'one', 'one,two'])
  })
})
