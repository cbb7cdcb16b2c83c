import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { EntityEvents } from 'wirefold/server'
import { broadcastEntities, EventBus, realtimeRepository } from 'wirefold/server'
import { connect, serve, until } from '../../support/live.ts'

interface Task {
  readonly id: number
  readonly title: string
}

/** A repository with private fields, which a proxy cannot read. */
class Tasks {
  readonly #rows = new Map<number, Task>()

  get count(): number {
    return this.#rows.size
  }

  async find(id: number): Promise<Task | undefined> {
    return this.#rows.get(id)
  }

  async create(title: string): Promise<Task> {
    if (!title) throw new Error('a task has a title')
    const task = { id: this.#rows.size + 1, title }
    this.#rows.set(task.id, task)
    return task
  }

  async update(id: number, title: string): Promise<Task | undefined> {
    if (!this.#rows.has(id)) return undefined
    const task = { id, title }
    this.#rows.set(id, task)
    return task
  }

  async delete(id: number): Promise<boolean> {
    return this.#rows.delete(id)
  }
}

function setUp(userId?: () => string | undefined) {
  const bus = new EventBus<EntityEvents>()
  const published: unknown[] = []
  for (const type of ['entity:created', 'entity:updated', 'entity:deleted'] as const) {
    bus.subscribe(type, (change) => published.push([type, change]))
  }
  const tasks = realtimeRepository(new Tasks(), bus, { entityName: 'Task', userId })
  return { bus, tasks, published }
}

describe('a realtime repository', () => {
  it('publishes creations, updates and deletions, with their user', async () => {
    const { tasks, published } = setUp(() => 'ada')
    await tasks.create('Write')
    await tasks.update(1, 'Read')
    expect(await tasks.delete(1)).toBe(true)
    const of = { id: 1, entityName: 'Task', userId: 'ada' }
    expect(published).toEqual([
      ['entity:created', { ...of, data: { id: 1, title: 'Write' } }],
      ['entity:updated', { ...of, data: { id: 1, title: 'Read' } }],
      ['entity:deleted', { ...of, data: null }],
    ])
  })

  it('publishes nothing if there was no change, or the call failed', async () => {
    const { tasks, published } = setUp()
    expect(await tasks.update(7, 'Read')).toBe(undefined)
    expect(await tasks.delete(7)).toBe(false)
    await expect(tasks.create('')).rejects.toThrow('a task has a title')
    expect(published).toEqual([])
  })

  it('otherwise behaves like the wrapped repository', async () => {
    const { tasks } = setUp()
    await tasks.create('Write')
    expect(await tasks.find(1)).toEqual({ id: 1, title: 'Write' })
    expect(tasks.count).toBe(1)
  })

  it('succeeds even if the event cannot be published, and reports the error', async () => {
    const onError = vi.fn()
    const bus = new EventBus<EntityEvents>({ onError })
    const notes = realtimeRepository(
      { create: () => ({ text: 'x' }), update: () => null, delete: () => false },
      bus,
      { entityName: 'Note' },
    )
    expect(await notes.create()).toEqual({ text: 'x' })
    expect(onError.mock.calls[0]?.[0].message).toContain('idOf')
  })

  it('broadcasts to the channel of the entity type, and changes also to that of the entity', async () => {
    const { bus, tasks } = setUp()
    const published: unknown[] = []
    const end = broadcastEntities(bus, {
      publish: async (channel, type) => published.push([channel, type]),
    })
    await tasks.create('Write')
    await tasks.update(1, 'Read')
    await tasks.delete(1)
    end()
    await tasks.create('Sleep')
    expect(published).toEqual([
      ['entity:Task', 'entity:created'],
      ['entity:Task', 'entity:updated'],
      ['entity:Task:1', 'entity:updated'],
      ['entity:Task', 'entity:deleted'],
      ['entity:Task:1', 'entity:deleted'],
    ])
  })

  it('reaches the clients that follow an entity type or an entity, once each', async () => {
    const { bus, tasks } = setUp()
    const { server, url } = await serve()
    broadcastEntities(bus, server)
    const channels = new ChannelSubscriber(connect(url).client)
    const got: unknown[] = []
    const follow = (channel: string) =>
      channels.subscribe(channel, (_, { type }) => got.push([channel, type])).ready
    await Promise.all([follow('entity:Task'), follow('entity:Task:1')])
    await tasks.create('Write')
    await tasks.update(1, 'Read')
    await tasks.delete(1)
    await tasks.delete(1)
    await until(() => expect(got).toHaveLength(5))
    expect(got.filter((item) => String(item).startsWith('entity:Task,'))).toEqual([
      ['entity:Task', 'entity:created'],
      ['entity:Task', 'entity:updated'],
      ['entity:Task', 'entity:deleted'],
    ])
    expect(got.filter((item) => String(item).startsWith('entity:Task:1,'))).toEqual([
      ['entity:Task:1', 'entity:updated'],
      ['entity:Task:1', 'entity:deleted'],
    ])
  })

  it('replies with the positions of a request’s changes, and sends its user to other clients', async () => {
    const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
    const { bus, tasks } = setUp(() => server.currentUser?.id)
    broadcastEntities(bus, server)
    server.handle('task:create', (title) => tasks.create(String(title)))
    server.handle('task:rename', (title) => tasks.update(1, String(title)))
    const { client } = connect(url)
    const got: unknown[] = []
    await new ChannelSubscriber(client).subscribe('entity:Task', (payload, event) =>
      got.push([event.offset, client.isOwn(event), Object(payload).userId]),
    ).ready
    const create = await client.requestWithPosition('task:create', 'Write', {
      id: client.eventId(),
    })
    const rename = await client.requestWithPosition('task:rename', 'Read', { id: client.eventId() })
    const positionsOf = (reply: typeof create) =>
      reply.at?.map(({ channel, offset }) => [channel, offset])
    expect(positionsOf(create)).toEqual([['entity:Task', 1]])
    expect(positionsOf(rename)).toEqual([
      ['entity:Task', 2],
      ['entity:Task:1', 1],
    ])
    await until(() => expect(got).toHaveLength(2))
    expect(got).toEqual([
      [1, true, 'ada'],
      [2, true, 'ada'],
    ])
  })
})
