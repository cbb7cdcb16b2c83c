import { describe, expect, it } from 'vitest'
import { bindList, ContextRegistry, feed, OptimisticManager } from 'wirefold'
import type { SseDialectOptions } from 'wirefold/dialects/sse'
import { requestApi } from '../../optimistic/request-api.ts'
import { until } from '../../support/live.ts'
import type { SseFaults } from '../../support/peers/sse.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { started } from '../../support/started.ts'
import { following } from './following.ts'

interface Task {
  readonly id: string
  readonly title: string
}

const options: SseDialectOptions = {
  request: ({ type, payload, eventId }) => ({
    url: `/tasks/${type}`,
    body: payload,
    headers: { 'x-event': eventId ?? '' },
  }),
  read: ({ data }) => ({ payload: Object(data).row ?? data, id: Object(data).by }),
  replays: true,
}

/** A backend of tasks, which refuses titles that begin with `!`. */
async function taskBackend(faults: SseFaults = {}) {
  const rows = new Map<string, Task>()
  let hold: Promise<unknown> = Promise.resolve()
  const server = await sseBackend(faults, ({ url, body, headers }, response) => {
    if (!url.startsWith('/tasks')) return false
    const payload = body === '' ? {} : JSON.parse(body)
    if (url === '/tasks/list') response.end(JSON.stringify([...rows.values()]))
    else if (payload.title.startsWith('!')) response.writeHead(422).end('{"error":"no shouting"}')
    else {
      const row: Task = { id: `t${rows.size + 1}`, title: payload.title }
      void hold.then(() => {
        rows.set(row.id, row)
        server.publish('tasks', 'entity:created', { row, by: headers['x-event'] })
        response.end(JSON.stringify(row))
      })
    }
    return true
  })
  return {
    server,
    rows,
    /** Adds a row without an answer or a request of any client. */
    add(row: Task): void {
      rows.set(row.id, row)
      server.publish('tasks', 'entity:created', { row })
    },
    /** Holds the next answers until the returned function is called. */
    hold(): () => void {
      let release = (): void => {}
      hold = new Promise<void>((resolve) => (release = resolve))
      return release
    },
  }
}

function listOf(url: string, how: SseDialectOptions = options) {
  const made = following(`${url}/events`, how)
  const { client, channels } = made
  const load = async () => ({ state: await client.request<readonly Task[]>('list') })
  const tasks = started(bindList(channels, 'tasks', { load }))
  const optimistic = new OptimisticManager({ client, channels, api: requestApi() })
  const view = optimistic.view(tasks)
  const seen: string[] = []
  view.subscribe((rows) => {
    const titles = rows.map(({ title }) => title).join()
    if (seen.at(-1) !== titles) seen.push(titles)
  })
  return { ...made, tasks, optimistic, view, seen }
}

describe('a list over server-sent events', () => {
  it('shows an optimistic row at once, and the one of the event after it, without a flicker', async () => {
    const { server, hold } = await taskBackend()
    const { tasks, optimistic, view, seen, errors } = listOf(server.origin)
    await until(() => expect(tasks.status.get().name).toBe('live'))
    const release = hold()
    const created = optimistic.create<Task>('Task', { title: 'write' }, tasks)
    await until(() => expect(seen.at(-1)).toBe('write'))
    release()
    await created
    await until(() => expect(tasks.state.get()).toEqual([{ id: 't1', title: 'write' }]))
    await until(() => expect(view.get()).toBe(tasks.state.get()))
    expect(seen.filter((titles) => titles !== '')).toEqual(['write'])
    await expect(optimistic.create<Task>('Task', { title: '!' }, tasks)).rejects.toMatchObject({
      code: 'http-422',
      message: expect.stringContaining('no shouting'),
    })
    expect(seen.at(-1)).toBe('write')
    expect(errors).toEqual([])
  })

  it('is fetched again after a gap, and only then', async () => {
    const { server, add } = await taskBackend({ withoutIds: true })
    const { tasks } = listOf(server.origin)
    await until(() => expect(tasks.status.get().name).toBe('live'))
    add({ id: 'a', title: 'first' })
    await until(() => expect(tasks.state.get()).toHaveLength(1))
    server.drop('tasks')
    add({ id: 'b', title: 'missed' })
    await until(() => expect(tasks.state.get()).toHaveLength(2))
    expect(server.requestsOf('/tasks/list').length).toBeGreaterThan(1)
  })

  it('is not fetched again where the server replays', async () => {
    const { server, add } = await taskBackend()
    const { tasks } = listOf(server.origin)
    await until(() => expect(tasks.status.get().name).toBe('live'))
    add({ id: 'a', title: 'first' })
    await until(() => expect(tasks.state.get()).toHaveLength(1))
    server.drop('tasks')
    add({ id: 'b', title: 'replayed' })
    await until(() => expect(tasks.state.get()).toHaveLength(2))
    await until(() => expect(tasks.status.get().name).toBe('live'))
    expect(server.requestsOf('/tasks/list')).toHaveLength(1)
  })
})

it('a registry is fed by the events of a channel', async () => {
  const server = await sseBackend()
  const { channels } = following(`${server.origin}/events`, {
    read: ({ data }) => ({ payload: Object(data).context }),
  })
  type Order = { readonly kind: 'Order'; readonly id: string; readonly status: string }
  const contexts = new ContextRegistry<Order>().keyed('Order', ({ id }) => id)
  feed(channels, 'orders', contexts)
  await until(() => expect(server.streams()).toBe(1))
  server.publish('orders', 'changed', { context: { kind: 'Order', id: '7', status: 'sent' } })
  await until(() =>
    expect(contexts.entity('Order', '7').get()).toEqual({ kind: 'Order', id: '7', status: 'sent' }),
  )
})
