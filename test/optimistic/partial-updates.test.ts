import { describe, expect, it } from 'vitest'
import type { ListOptions } from 'wirefold'
import { bindList, bindRecord, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'
import { controlledApi } from './controlled-api.ts'

interface Task {
  readonly id: string
  readonly title: string
  readonly status: 'open' | 'closed'
  readonly tags?: Readonly<Record<string, unknown>>
}

const TASKS = 'entity:Task'
const a: Task = { id: 'a', title: 'write', status: 'open', tags: { red: 1, blue: 2 } }
const b: Task = { id: 'b', title: 'read', status: 'closed' }

/** Rows on a server whose events contain only the changed fields. */
function office(rows: readonly Task[] = [a, b]) {
  const parts = scripted({ answer: () => undefined })
  const { clock, server, client } = parts
  const channels = new ChannelSubscriber(client)
  const truth = { rows, loads: 0 }
  const load = async () => {
    truth.loads++
    return { state: truth.rows }
  }
  const list = async (options: Partial<Omit<ListOptions<Task>, 'into'>> = {}) => {
    const tasks = started(bindList<Task>(channels, TASKS, { load, ...options }))
    await clock.advance(1)
    return tasks
  }
  const publish = async (type: string, payload: unknown) => {
    server.publish(TASKS, type, payload)
    await clock.advance(1)
  }
  return { ...parts, channels, truth, load, list, publish }
}

const open = ({ status }: Task): boolean => status === 'open'

const shapes: [string, (id: string, changes: object) => object][] = [
  ['beside its data', (id, data) => ({ id, entityName: 'Task', data, userId: 'u' })],
  ['in its data', (id, data) => ({ entityName: 'Task', data: { id, ...data } })],
  ['in both', (id, data) => ({ id, entityName: 'Task', data: { id, ...data } })],
  ['in the bare fields', (id, data) => ({ id, ...data })],
]

describe.each(shapes)('a partial update with its id %s', (_, payload) => {
  it('is merged into the row of a list, replacing nested values', async () => {
    const { list, publish, truth, errors } = office()
    const tasks = await list()
    await publish('entity:updated', payload('a', { title: 'Write', tags: { green: 3 } }))
    expect(tasks.state.get()).toEqual([
      { id: 'a', title: 'Write', status: 'open', tags: { green: 3 } },
      b,
    ])
    expect([truth.loads, errors]).toEqual([1, []])
  })

  it('is merged into a record', async () => {
    const { channels, clock, publish } = office()
    const load = async () => ({ state: a })
    const records = [{ load }, { load, id: 'a' }].map((options) =>
      started(bindRecord(channels, TASKS, options)),
    )
    await clock.advance(1)
    await publish('entity:updated', payload('a', { title: 'Write' }))
    for (const { state } of records) expect(state.get()).toEqual({ ...a, title: 'Write' })
  })

  it('replaces the row with `replace`, keeping its id', async () => {
    const { channels, clock, list, publish } = office()
    const tasks = await list({ update: 'replace' })
    const load = async () => ({ state: a })
    const record = started(bindRecord(channels, TASKS, { load, update: 'replace' }))
    await clock.advance(1)
    await publish('entity:updated', payload('a', { title: 'Write' }))
    expect(tasks.state.get()[0]).toEqual({ id: 'a', title: 'Write' })
    expect(record.state.get()).toEqual({ id: 'a', title: 'Write' })
  })

  it('shows the complete row when it begins to match the filter', async () => {
    const { list, publish, truth } = office()
    const tasks = await list({ filter: open })
    expect(tasks.state.get()).toEqual([a])
    await publish('entity:updated', payload('b', { status: 'open' }))
    expect(tasks.state.get()).toEqual([a, { ...b, status: 'open' }])
    await publish('entity:updated', payload('a', { status: 'closed' }))
    await publish('entity:updated', payload('a', { title: 'Write' }))
    await publish('entity:updated', payload('a', { status: 'open' }))
    expect(tasks.state.get()).toEqual([
      { ...b, status: 'open' },
      { ...a, title: 'Write' },
    ])
    expect(truth.loads).toBe(1)
  })

  it('of an unknown row fetches once, not once per event', async () => {
    const { clock, list, server, publish, truth } = office()
    const tasks = await list()
    truth.rows = [a, { ...b, status: 'open' }, { ...a, id: 'c', status: 'closed' }]
    for (const status of ['open', 'closed']) {
      server.publish(TASKS, 'entity:updated', payload('c', { status }))
    }
    server.publish(TASKS, 'entity:updated', payload('d', { title: 'elsewhere' }))
    await clock.advance(60_000)
    expect([tasks.state.get(), truth.loads]).toEqual([truth.rows, 2])
    await publish('entity:updated', payload('c', { title: 'C' }))
    expect(tasks.state.get()[2]).toMatchObject({ id: 'c', title: 'C', status: 'closed' })
    expect(truth.loads).toBe(2)
  })

  it('of an unknown row is added as received with `upsert`', async () => {
    const { channels, clock, list, publish, truth } = office()
    const tasks = await list({ upsert: true })
    const load = async () => ({ state: undefined })
    const record = started(bindRecord<Task>(channels, TASKS, { load, upsert: true }))
    await clock.advance(1)
    await publish('entity:updated', payload('c', { title: 'C' }))
    expect(tasks.state.get()).toEqual([a, b, { id: 'c', title: 'C' }])
    expect(record.state.get()).toEqual({ id: 'c', title: 'C' })
    expect(truth.loads).toBe(1)
  })

  it("is recognized as the echo of the client's own change", async () => {
    const { clock, client, list, server } = office()
    const tasks = await list()
    const { api } = controlledApi()
    const optimistic = new OptimisticManager({ client, api })
    const view = optimistic.view(tasks)
    void optimistic.update<Task>('Task', 'a', { title: 'Write' }, tasks).catch(() => {})
    expect(view.get()[0]).toEqual({ ...a, title: 'Write', _optimistic: true })
    const { id } = optimistic.pending.get()[0] ?? {}
    const update = payload('a', { title: 'Write' })
    server.send({ type: 'entity:updated', channel: TASKS, payload: update, id })
    await clock.advance(1)
    expect(view.get()).toEqual([{ ...a, title: 'Write' }, b])
    expect(view.get()).toBe(tasks.state.get())
  })
})

describe('rows outside the filter', () => {
  it('are kept up to maxUnseen, most recently changed first; others are fetched', async () => {
    const rows = ['p', 'q', 'r'].map((id) => ({ ...b, id }))
    const { list, publish, truth } = office(rows)
    const tasks = await list({ filter: open, maxUnseen: 2 })
    await publish('entity:updated', { id: 'q', title: 'changed' })
    await publish('entity:created', { ...b, id: 's' })
    await publish('entity:updated', { id: 'q', status: 'open' })
    expect([tasks.state.get(), truth.loads]).toEqual([
      [{ id: 'q', title: 'changed', status: 'open' }],
      1,
    ])
    truth.rows = rows.map((row) => ({ ...row, status: row.id === 'p' ? 'open' : 'closed' }))
    await publish('entity:updated', { id: 'p', status: 'open' })
    expect([tasks.state.get(), truth.loads]).toEqual([[truth.rows[0]], 2])
  })

  it('stay deleted, and are changed when they are created again', async () => {
    const { list, publish, truth } = office()
    const tasks = await list({ filter: open })
    await publish('entity:created', { ...b, status: 'open' })
    expect(tasks.state.get()).toEqual([a])
    await publish('entity:deleted', { id: 'b' })
    truth.rows = [a]
    await publish('entity:updated', { id: 'b', status: 'open' })
    expect([tasks.state.get(), truth.loads]).toEqual([[a], 2])
  })

  it("are shown completely by the client's own change, at once and after its result", async () => {
    const { client, clock, list } = office()
    const tasks = await list({ filter: open })
    const backend = controlledApi()
    const optimistic = new OptimisticManager({ client, api: backend.api })
    const view = optimistic.view(tasks)
    const refused = optimistic.update<Task>('Task', 'b', { status: 'open' }, tasks)
    expect(view.get()).toEqual([a, { ...b, status: 'open', _optimistic: true }])
    await backend.last.reject()
    await expect(refused).rejects.toThrow('no')
    expect(view.get()).toEqual([a])
    void optimistic.update<Task>('Task', 'b', { status: 'open' }, tasks)
    await backend.last.resolve({ id: 'b', status: 'open' })
    await clock.advance(1)
    expect(view.get()).toEqual([a, { ...b, status: 'open' }])
    expect(view.get()).toBe(tasks.state.get())
  })
})

describe("the result of the client's own change", () => {
  it.each([
    ['merge', { ...a, title: 'Write' }],
    ['replace', { id: 'a', title: 'Write' }],
  ] as const)('is applied like the list’s updates, with `%s`', async (update, expected) => {
    const { client, list } = office()
    const tasks = await list({ update })
    const backend = controlledApi()
    const optimistic = new OptimisticManager({ client, api: backend.api })
    void optimistic.update<Task>('Task', 'a', { title: 'Write' }, tasks)
    await backend.last.resolve({ id: 'a', title: 'Write' })
    expect(optimistic.view(tasks).get()[0]).toEqual(expected)
  })
})

describe('a fetch for an unknown row', () => {
  it('applies events meanwhile, and stays live', async () => {
    const { clock, channels, publish, truth } = office()
    let fetched = (): void => {}
    const load = async () => {
      if (++truth.loads > 1) await new Promise<void>((resolve) => (fetched = resolve))
      return { state: truth.rows }
    }
    const tasks = started(bindList<Task>(channels, TASKS, { load }))
    await clock.advance(1)
    const statuses: string[] = []
    tasks.status.subscribe(({ name }) => statuses.push(name))
    await publish('entity:updated', { id: 'c', status: 'open' })
    await publish('entity:updated', { id: 'a', title: 'meanwhile' })
    expect(tasks.state.get()[0]?.title).toBe('meanwhile')
    truth.rows = [a, b, { ...b, id: 'c' }]
    fetched()
    await clock.advance(1)
    expect(tasks.state.get()).toEqual([{ ...a, title: 'meanwhile' }, b, { ...b, id: 'c' }])
    expect(statuses).toEqual(['live'])
  })

  it('waits longer each time the row does not exist', async () => {
    const { clock, list, publish, truth } = office()
    await list()
    for (let n = 0; n < 100; n++) {
      await publish('entity:updated', { id: `elsewhere ${n}`, status: 'open' })
      await clock.advance(100)
    }
    expect(truth.loads).toBeGreaterThan(3)
    expect(truth.loads).toBeLessThan(10)
    await clock.advance(13_000)
    truth.rows = [a, { ...b, id: 'c' }]
    await publish('entity:updated', { id: 'c', status: 'open' })
    await clock.advance(13_000)
    const { loads } = truth
    truth.rows = [a, { ...b, id: 'd' }]
    await publish('entity:updated', { id: 'd', status: 'open' })
    expect(truth.loads).toBe(loads + 1)
  })

  it('is retried after a failure, and reports it', async () => {
    const { clock, channels, publish, truth } = office()
    const reported: unknown[] = []
    const load = async () => {
      if (++truth.loads === 2) throw new Error('busy')
      return { state: truth.rows }
    }
    const onError = (error: unknown) => reported.push(error)
    const tasks = started(bindList<Task>(channels, TASKS, { load, onError }))
    await clock.advance(1)
    truth.rows = [a, { ...b, id: 'c' }]
    await publish('entity:updated', { id: 'c', status: 'open' })
    await clock.advance(5_000)
    expect(tasks.state.get()).toEqual(truth.rows)
    expect(reported).toEqual([new Error('busy')])
  })
})

describe('an event whose type resembles a change', () => {
  it.each([
    ...[
      'created',
      'updated',
      'task.deleted',
      'TASK_UPDATE',
      'taskRemoved',
      'INSERT',
      'entity:update',
    ],
  ])('is reported once for %s', async (type) => {
    const { channels, clock, list, publish, errors } = office()
    const tasks = await list()
    const reported: unknown[] = []
    const onError = (error: unknown) => reported.push(error)
    const load = async () => ({ state: a })
    started(bindRecord(channels, TASKS, { load, onError }))
    await clock.advance(1)
    for (let n = 0; n < 3; n++) await publish(type, { ...a, title: 'unread' })
    const report = {
      code: 'unread-event',
      message: expect.stringContaining('entity:updated'),
      detail: { channel: TASKS, type },
    }
    expect(errors).toMatchObject([report])
    expect(reported).toMatchObject([report])
    expect(tasks.state.get()).toEqual([a, b])
  })

  it.each(['typing', 'entity:file_uploaded', 'llm_intent:completed', 'updates-paused'])(
    'is not reported for %s',
    async (type) => {
      const { list, publish, errors } = office()
      await list()
      await publish(type, {})
      expect(errors).toEqual([])
    },
  )
})

it('an update is merged by the key of the list, or by the separate id', async () => {
  const { channels, clock, publish } = office()
  interface Named {
    readonly name: string
    readonly size?: number
  }
  const load = async (): Promise<{ state: readonly Named[] }> => ({ state: [{ name: 'x' }] })
  const named = started(bindList(channels, TASKS, { load, key: ({ name }) => name.toLowerCase() }))
  await clock.advance(1)
  await publish('entity:updated', { id: 'x', entityName: 'Named', data: { size: 2 } })
  expect(named.state.get()).toEqual([{ name: 'x', size: 2 }])
  await publish('entity:updated', { name: 'X', size: 3 })
  expect(named.state.get()).toEqual([{ name: 'X', size: 3 }])
})
