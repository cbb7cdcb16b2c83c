import { describe, expect, it } from 'vitest'
import type { ListOptions, OptimisticOptions } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'
import { controlledApi } from './controlled-api.ts'
import { requestApi } from './request-api.ts'

interface Task {
  readonly id: string
  readonly title: string
  readonly status?: string
}

const TASKS = 'entity:Task'
const [a, b] = [
  { id: 'a', title: 'a' },
  { id: 'b', title: 'b' },
]

/** A list on a server that sends only what the test sends. */
async function listed(
  options: OptimisticOptions = {},
  list: Partial<ListOptions<Task>> = {},
  positions = true,
) {
  const parts = scripted({ answer: () => undefined })
  const { client, clock, server } = parts
  server.welcome = { userId: 'me' }
  const channels = new ChannelSubscriber(client)
  const load = async () => ({
    state: [a, b] as readonly Task[],
    at: positions ? { epoch: server.epoch, offset: server.epoch === 'e1' ? 10 : 0 } : undefined,
  })
  const { into: _, ...rules } = list
  const tasks = started(bindList<Task>(channels, TASKS, { load, ...rules }))
  const backend = controlledApi()
  const optimistic = new OptimisticManager({
    client,
    api: requestApi(),
    ...options,
  })
  const view = optimistic.view(tasks)
  const seen: string[] = []
  view.subscribe((rows) => {
    const titles = rows.map(({ title }) => title).join(' ')
    if (seen.at(-1) !== titles) seen.push(titles)
  })
  await clock.advance(1)
  seen.length = 0
  const deliver = async (message: object) => {
    server.send(message)
    await clock.advance(0)
  }
  return {
    ...parts,
    channels,
    tasks,
    optimistic,
    backend,
    view,
    seen,
    /** The last request of the client. */
    lastRequest() {
      const { type, id, requestId, payload } = server.messages.at(-1) ?? {}
      return { type, id: String(id), requestId, payload }
    },
    event: (offset: number | undefined, type: string, payload: unknown, id?: string) =>
      deliver({
        type: `entity:${type}`,
        channel: TASKS,
        payload,
        offset,
        id,
        prev: offset && offset - 1,
      }),
    reply: (requestId: unknown, payload: unknown, offset?: number) =>
      deliver({
        type: 'reply',
        requestId,
        payload,
        at: offset && [{ channel: TASKS, epoch: 'e1', offset }],
      }),
    refuse: (requestId: unknown, code: string) =>
      deliver({ type: 'error', requestId, payload: { code, message: code } }),
    titles: () => view.get().map(({ title }) => title),
  }
}

/** As `listed`, with the client at offset 10, so that events from 11 on follow. */
const following = (...args: Parameters<typeof listed>) =>
  listed(...args).then(async (parts) => {
    for (let n = 1; n <= 10; n++) await parts.event(n, 'seen', null)
    return parts
  })

describe('a created row', () => {
  it('is replaced by its own event, even before the reply, and is never shown twice', async () => {
    const { clock, optimistic, tasks, event, reply, lastRequest, seen, view } = await following()
    const created = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, tasks))
    await clock.advance(0)
    const { id, requestId } = lastRequest()
    expect(view.get()[2]).toEqual({ id: `temp_${id}`, title: 'new', _optimistic: true })
    const together: unknown[] = []
    tasks.state.listen((rows) => together.push(rows === view.get()))
    await event(11, 'created', { id: 'c', title: 'new!' }, id)
    expect(view.get()).toEqual([a, b, { id: 'c', title: 'new!' }])
    // Listeners of the confirmed state find a consistent view.
    expect(together).toEqual([true])
    await reply(requestId, { id: 'c', title: 'new!' }, 11)
    expect(view.get()).toBe(tasks.state.get())
    expect(created.value).toEqual({ id: 'c', title: 'new!' })
    expect(seen).toEqual(['a b new', 'a b new!'])
  })

  it('stays as the reply contains it until its event arrives', async () => {
    const { clock, optimistic, tasks, event, reply, lastRequest, seen, view } = await following()
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await clock.advance(0)
    const { id, requestId } = lastRequest()
    await reply(requestId, { id: 'c', title: 'new!' }, 12)
    expect(view.get()).toEqual([a, b, { id: 'c', title: 'new!' }])
    expect(tasks.state.get()).toEqual([a, b])
    await event(11, 'updated', { id: 'a', title: 'A' })
    await event(12, 'created', { id: 'c', title: 'new!' }, id)
    expect(seen).toEqual(['a b new', 'a b new!', 'A b new!'])
    expect(view.get()).toBe(tasks.state.get())
  })

  it('is filtered and sorted like other rows', async () => {
    const { clock, optimistic, tasks, titles, refuse, lastRequest } = await following(
      {},
      {
        filter: ({ status }) => status !== 'done',
        order: (left, right) => left.title.localeCompare(right.title),
      },
    )
    void optimistic.create<Task>('Task', { title: 'aa' }, tasks)
    expect(titles()).toEqual(['a', 'aa', 'b'])
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { status: 'done' }, tasks))
    expect(titles()).toEqual(['aa', 'b'])
    await clock.advance(0)
    await refuse(lastRequest().requestId, 'forbidden')
    expect(titles()).toEqual(['a', 'aa', 'b'])
    expect(refused.error).toMatchObject({ code: 'forbidden' })
  })
})

describe('an updated row', () => {
  it('is not reverted by an older event of another user', async () => {
    const { clock, optimistic, tasks, event, reply, lastRequest, seen } = await following()
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    await clock.advance(0)
    const { id, requestId } = lastRequest()
    await reply(requestId, { id: 'a', title: 'mine' }, 12)
    await event(11, 'updated', { id: 'a', title: 'theirs' })
    expect(tasks.state.get()[0]).toEqual({ id: 'a', title: 'theirs' })
    await event(12, 'updated', { id: 'a', title: 'mine' }, id)
    await event(13, 'updated', { id: 'a', title: 'newer' })
    expect(seen).toEqual(['mine b', 'newer b'])
  })

  it("keeps its pending fields over the server's values of other fields", async () => {
    const { clock, optimistic, tasks, event, refuse, lastRequest, view } = await following()
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks))
    await clock.advance(0)
    const { requestId } = lastRequest()
    await event(11, 'updated', { id: 'a', title: 'theirs', status: 'done' })
    expect(view.get()[0]).toEqual({ id: 'a', title: 'mine', status: 'done', _optimistic: true })
    expect(tasks.state.get()[0]).toEqual({ id: 'a', title: 'theirs', status: 'done' })
    await refuse(requestId, 'conflict')
    expect(view.get()[0]).toEqual({ id: 'a', title: 'theirs', status: 'done' })
    expect(refused.error).toMatchObject({ code: 'conflict' })
  })

  it('is removed when the server deletes it, even with pending mutations', async () => {
    const { clock, optimistic, tasks, event, refuse, lastRequest, titles } = await following()
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks))
    await clock.advance(0)
    await event(11, 'deleted', { id: 'a', entityName: 'Task', data: null, userId: 'you' })
    expect(titles()).toEqual(['b'])
    await refuse(lastRequest().requestId, 'not-found')
    expect(titles()).toEqual(['b'])
    expect(refused.error).toMatchObject({ code: 'not-found' })
  })

  it('is the result of `resolve` if the server has changed it, too', async () => {
    const calls: unknown[] = []
    const { clock, optimistic, tasks, event, reply, lastRequest, view } = await following({
      resolve: (base, pending, incoming, entity) => {
        calls.push([base, pending, incoming, entity])
        return { ...incoming, title: `${pending.title} + ${incoming.title}` }
      },
    })
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    expect(view.get()[0]?.title).toBe('mine')
    expect(calls).toEqual([])
    await clock.advance(0)
    await event(11, 'updated', { id: 'a', title: 'theirs', status: 'done' })
    const incoming = { id: 'a', title: 'theirs', status: 'done' }
    expect(calls).toEqual([[a, { ...incoming, title: 'mine' }, incoming, 'Task']])
    expect(view.get()[0]).toEqual({ ...incoming, title: 'mine + theirs', _optimistic: true })
    await reply(lastRequest().requestId, { ...incoming, title: 'merged' }, 12)
    expect(view.get()[0]).toEqual({ ...incoming, title: 'merged' })
  })
})

describe('a deleted row', () => {
  it('stays hidden until its event arrives, despite other events about it', async () => {
    const { clock, optimistic, tasks, event, reply, lastRequest, titles } = await following()
    void optimistic.delete('Task', 'a', tasks)
    await clock.advance(0)
    const { id, requestId } = lastRequest()
    await event(11, 'updated', { id: 'a', title: 'theirs' })
    await reply(requestId, null, 12)
    expect(titles()).toEqual(['b'])
    await event(12, 'deleted', { id: 'a', entityName: 'Task', data: null, userId: 'me' }, id)
    expect(titles()).toEqual(['b'])
    await event(13, 'created', { id: 'a', title: 'again' })
    expect(titles()).toEqual(['b', 'again'])
  })

  it('returns to its old position after a refusal, with the current values of the server', async () => {
    const { clock, optimistic, tasks, event, refuse, lastRequest, titles } = await following()
    const refused = outcomeOf(optimistic.delete('Task', 'a', tasks))
    await clock.advance(0)
    const { requestId } = lastRequest()
    await event(11, 'updated', { id: 'a', title: 'theirs' })
    expect(titles()).toEqual(['b'])
    await refuse(requestId, 'in-use')
    expect(titles()).toEqual(['theirs', 'b'])
    expect(refused.error).toMatchObject({ code: 'in-use' })
  })
})

describe('a position in a reply', () => {
  it('counts as reached after a gap, since the newly fetched state contains it', async () => {
    const { clock, optimistic, tasks, server, reply, lastRequest, seen, titles } = await following()
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    await clock.advance(0)
    await reply(lastRequest().requestId, { id: 'a', title: 'mine' }, 12)
    server.drop()
    server.forget('e2')
    expect(titles()).toEqual(['mine', 'b'])
    await clock.advance(3_000)
    // The `load` of this test still returns the old rows.
    expect(titles()).toEqual(['a', 'b'])
    expect(seen).toEqual(['mine b', 'a b'])
  })

  it('of a new epoch counts as reached once the state of that epoch is fetched', async () => {
    let loading = Promise.resolve()
    let open = (): void => {}
    const load = async () => {
      await loading
      return { state: [a, b] }
    }
    const { clock, optimistic, tasks, server, lastRequest, event, seen, view } = await following(
      {},
      { load },
    )
    loading = new Promise((resolve) => {
      open = resolve
    })
    server.drop()
    server.forget('e2')
    await clock.advance(3_000)
    expect(tasks.status.get().name).toBe('gap')
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    await clock.advance(0)
    const at = [{ channel: TASKS, epoch: 'e2', offset: 1 }]
    const payload = { id: 'a', title: 'mine' }
    server.send({ type: 'reply', requestId: lastRequest().requestId, payload, at })
    await event(1, 'updated', payload, lastRequest().id)
    expect(view.get()[0]).toEqual(payload)
    open()
    await clock.advance(0)
    expect(view.get()).toBe(tasks.state.get())
    expect(seen).toEqual(['mine b'])
  })

  it('counts as reached even if the state was fetched without a position', async () => {
    const { clock, optimistic, tasks, event, reply, lastRequest, view } = await following(
      {},
      {},
      false,
    )
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    await clock.advance(0)
    const payload = { id: 'a', title: 'mine' }
    await reply(lastRequest().requestId, payload, 11)
    expect(view.get()).not.toBe(tasks.state.get())
    await event(11, 'updated', payload)
    expect(view.get()).toBe(tasks.state.get())
  })

  it('of another channel does not delay the mutation', async () => {
    const { clock, optimistic, tasks, server, lastRequest, view } = await following()
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    await clock.advance(0)
    const at = [{ channel: `${TASKS}:a`, epoch: 'e1', offset: 3 }]
    const payload = { id: 'a', title: 'mine!' }
    server.send({ type: 'reply', requestId: lastRequest().requestId, payload, at })
    await clock.advance(0)
    expect(tasks.state.get()).toEqual([payload, b])
    expect(view.get()).toBe(tasks.state.get())
  })

  it('delays the mutation until the list is first fetched', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const channels = new ChannelSubscriber(client)
    let fetched: (rows: readonly Task[]) => void = () => {}
    const tasks = started(
      bindList(channels, TASKS, {
        load: async () => ({
          state: await new Promise<readonly Task[]>((resolve) => {
            fetched = resolve
          }),
          at: { epoch: 'e1', offset: 1 },
        }),
      }),
    )
    const optimistic = new OptimisticManager({ client })
    const view = optimistic.view(tasks)
    const done = outcomeOf(
      optimistic.mutate('c', {
        on: tasks,
        apply: (rows, id): readonly Task[] =>
          rows.some((row) => row.id === id) ? rows : [...rows, { id, title: id }],
        request: (_, { request }) => request('create'),
      }),
    )
    await clock.advance(1)
    const { requestId } = server.messages.at(-1) ?? {}
    server.send({ type: 'reply', requestId, at: [{ channel: TASKS, epoch: 'e1', offset: 1 }] })
    await clock.advance(1)
    expect(done).toHaveProperty('value')
    expect(view.get()).toEqual([{ id: 'c', title: 'c' }])
    fetched([a, { id: 'c', title: 'C' }])
    await clock.advance(1)
    expect(view.get()).toBe(tasks.state.get())
  })
})

describe('a backend without positions', () => {
  const plain = () => {
    const backend = controlledApi()
    return listed({ api: backend.api }, {}, false).then((parts) => ({ ...parts, backend }))
  }

  it('applies its replies to the confirmed list', async () => {
    const { optimistic, tasks, backend, view, event } = await plain()
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, tasks)
    expect(tasks.state.get()).toEqual([a, b])
    await backend.last.resolve({ id: 'a', title: 'mine!' })
    expect(tasks.state.get()).toEqual([{ id: 'a', title: 'mine!' }, b])
    expect(view.get()).toBe(tasks.state.get())
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await backend.last.resolve({ id: 'c', title: 'new' })
    await event(undefined, 'created', { id: 'c', title: 'new' })
    expect(view.get()).toEqual([{ id: 'a', title: 'mine!' }, b, { id: 'c', title: 'new' }])
  })

  const created = { id: 'c', entityName: 'Task', data: { id: 'c', title: 'new' }, userId: 'me' }

  it('delays a created row of the same user while a create is pending', async () => {
    const { clock, optimistic, tasks, backend, seen, event, view } = await plain()
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await event(undefined, 'created', created)
    expect(tasks.state.get()).toHaveLength(3)
    expect(view.get()).toHaveLength(3)
    await backend.last.resolve({ id: 'c', title: 'new' })
    expect(view.get()).toBe(tasks.state.get())
    expect(seen.every((titles) => titles === 'a b new')).toBe(true)
    // One timer remains: the heartbeat.
    await clock.advance(0)
    expect(clock.timers).toBe(1)
  })

  it('delays the row for at most 2 seconds', async () => {
    const { clock, optimistic, tasks, backend, event, titles } = await plain()
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await event(undefined, 'created', created)
    await clock.advance(1_999)
    expect(titles()).toEqual(['a', 'b', 'new'])
    await clock.advance(1)
    expect(titles()).toEqual(['a', 'b', 'new', 'new'])
    await backend.last.resolve({ id: 'c', title: 'new' })
    expect(titles()).toEqual(['a', 'b', 'new'])
  })

  it('does not delay rows of another user, rows with an id, or rows while two creates are pending', async () => {
    const { clock, optimistic, tasks, backend, event, titles } = await plain()
    const one = optimistic.create<Task>('Task', { title: 'one' }, tasks).catch(() => {})
    await event(undefined, 'created', { ...created, userId: 'you' })
    expect(titles()).toEqual(['a', 'b', 'new', 'one'])
    const row = { id: 'd', title: 'd' }
    await event(undefined, 'created', { ...created, id: 'd', data: row }, 'foreign')
    await event(undefined, 'created', {
      ...created,
      id: 'e',
      data: { ...row, id: 'e', clientId: 'x' },
    })
    await event(undefined, 'created', { id: 'f', title: 'bare' })
    expect(titles()).toEqual(['a', 'b', 'new', 'd', 'd', 'bare', 'one'])
    void optimistic.create<Task>('Task', { title: 'two' }, tasks)
    await event(undefined, 'created', { ...created, id: 'g', data: { id: 'g', title: 'g' } })
    expect(titles().slice(-3)).toEqual(['g', 'one', 'two'])
    await backend.calls[0]?.reject()
    await one
    expect(titles().slice(-2)).toEqual(['g', 'two'])
    expect(clock.timers).toBe(1)
  })

  it("can return the mutation's id as `clientId`", async () => {
    const { optimistic, tasks, backend, event, seen, view } = await plain()
    for (const title of ['one', 'two']) void optimistic.create<Task>('Task', { title }, tasks)
    const [one, two] = backend.calls.map(({ context }) => context.id)
    const row = { id: 'c', title: 'two!', clientId: two }
    await event(undefined, 'created', { ...created, data: row })
    await event(undefined, 'created', {
      ...created,
      id: 'd',
      data: { id: 'd', title: 'one!' },
      clientId: one,
    })
    expect(seen).toEqual(['a b one', 'a b one two', 'a b two! one', 'a b two! one!'])
    await backend.calls[0]?.resolve({ id: 'd', title: 'one!' })
    await backend.calls[1]?.resolve(row)
    expect(view.get()).toBe(tasks.state.get())
  })

  it('does not delay rows with holdOwnBroadcastMs 0', async () => {
    const backend = controlledApi()
    const { optimistic, tasks, event, titles } = await listed(
      { api: backend.api, holdOwnBroadcastMs: 0 },
      {},
      false,
    )
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await event(undefined, 'created', created)
    expect(titles()).toEqual(['a', 'b', 'new', 'new'])
  })
})

describe('a closed client', () => {
  it('rolls back pending mutations, with the reason', async () => {
    const { clock, client, optimistic, tasks, titles } = await following()
    const created = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, tasks))
    await clock.advance(0)
    client.close()
    await clock.advance(0)
    expect(created.error).toMatchObject({ code: 'closed' })
    expect(titles()).toEqual(['a', 'b'])
    expect(optimistic.pending.get()).toEqual([])
    expect(clock.timers).toBe(0)
  })
})
