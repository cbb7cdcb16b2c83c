import { effect, signal } from '@preact/signals-core'
import { get as getOf, writable } from 'svelte/store'
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import { ref, shallowRef } from 'vue'
import type { ApplicationStore, Optimistic, Readable } from 'wirefold'
import { bindList, ChannelSubscriber, createStore, OptimisticManager } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { controlledApi } from './controlled-api.ts'

interface Task {
  readonly id: string
  readonly title: string
  readonly status?: string
}

const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id, title: id })) as [Task, Task, Task]

function managed(rows: readonly Task[] = [a, b, c]) {
  const backend = controlledApi()
  const optimistic = new OptimisticManager({ api: backend.api })
  const tasks = createStore(rows)
  const titles = () => tasks.get().map(({ title }) => title)
  return { calls: backend.calls, backend, optimistic, tasks, titles }
}

describe('create', () => {
  it('is shown at once with a temporary id, marked as unconfirmed', async () => {
    const { optimistic, tasks, backend } = managed()
    const created = optimistic.create<Task>('Task', { title: 'new' }, tasks)
    const [, , , row] = tasks.get()
    expect(row).toEqual({
      id: expect.stringMatching(/^temp_.+/),
      title: 'new',
      _optimistic: true,
    })
    expect(backend.last.args).toEqual(['create', 'Task', { title: 'new' }])
    await backend.last.resolve({ id: 'd', title: 'new', status: 'open' })
    expect(tasks.get()).toEqual([a, b, c, { id: 'd', title: 'new', status: 'open' }])
    expect(await created).toEqual({ id: 'd', title: 'new', status: 'open' })
  })

  it('is removed when it is refused, and rejects with the error of the backend', async () => {
    const { optimistic, tasks, backend } = managed()
    const seen: number[] = []
    const created = optimistic.create<Task>('Task', { title: 'new' }, tasks).catch((error) => {
      seen.push(tasks.get().length)
      return error
    })
    const refusal = new Error('no room')
    await backend.last.reject(refusal)
    expect(await created).toBe(refusal)
    expect(tasks.get()).toEqual([a, b, c])
    // The row was already removed when the promise rejected.
    expect(seen).toEqual([3])
  })

  it('uses distinct ids within one millisecond', () => {
    vi.useFakeTimers()
    const { optimistic, tasks } = managed([])
    for (const title of ['x', 'y']) void optimistic.create<Task>('Task', { title }, tasks)
    vi.useRealTimers()
    const [x, y] = tasks.get()
    expect(x?.id).not.toBe(y?.id)
  })

  it('leaves no row if the reply contains none', async () => {
    const { optimistic, tasks, backend } = managed()
    void optimistic.create<Task>('Task', { title: 'new' }, tasks)
    await backend.last.resolve()
    expect(tasks.get()).toEqual([a, b, c])
  })

  it('appends rows in the order of their replies', async () => {
    const { optimistic, tasks, calls, titles } = managed([])
    for (const title of ['x', 'y', 'z']) void optimistic.create<Task>('Task', { title }, tasks)
    await calls[2]?.resolve({ id: '3', title: 'z' })
    await calls[0]?.resolve({ id: '1', title: 'x' })
    expect([...titles()].sort()).toEqual(['x', 'y', 'z'])
    await calls[1]?.resolve({ id: '2', title: 'y' })
    expect(tasks.get().map(({ id }) => id)).toEqual(['3', '1', '2'])
  })
})

describe('update', () => {
  it('is shown at once over the row, until the server’s row replaces it', async () => {
    const { optimistic, tasks, backend } = managed()
    const updated = optimistic.update<Task>('Task', 'b', { title: 'B' }, tasks)
    expect(tasks.get()).toEqual([a, { id: 'b', title: 'B', _optimistic: true }, c])
    expect(backend.last.args).toEqual(['update', 'Task', 'b', { title: 'B' }])
    await backend.last.resolve({ id: 'b', title: 'B!' })
    expect(tasks.get()).toEqual([a, { id: 'b', title: 'B!' }, c])
    expect(await updated).toEqual({ id: 'b', title: 'B!' })
  })

  it('restores only its own fields when it is refused, not those of later updates', async () => {
    const { optimistic, tasks, calls } = managed()
    const first = outcomeOf(optimistic.update<Task>('Task', 'b', { title: 'B' }, tasks))
    void optimistic.update<Task>('Task', 'b', { status: 'done' }, tasks)
    const refusal = new Error('no')
    await calls[0]?.reject(refusal)
    expect(first.error).toBe(refusal)
    expect(tasks.get()[1]).toEqual({ id: 'b', title: 'b', status: 'done', _optimistic: true })
    await calls[1]?.resolve({ id: 'b', title: 'b', status: 'done' })
    expect(tasks.get()[1]).toEqual({ id: 'b', title: 'b', status: 'done' })
  })

  it('shows the later of two updates of one field, for any order of replies', async () => {
    const { optimistic, tasks, calls } = managed()
    void optimistic.update<Task>('Task', 'b', { title: 'first' }, tasks)
    void optimistic.update<Task>('Task', 'b', { title: 'second' }, tasks)
    await calls[1]?.resolve({ id: 'b', title: 'second' })
    expect(tasks.get()[1]).toEqual({ id: 'b', title: 'second' })
    await calls[0]?.resolve({ id: 'b', title: 'first' })
    expect(tasks.get()[1]).toEqual({ id: 'b', title: 'second' })
  })

  it('of an unknown row changes nothing, and is still sent', async () => {
    const { optimistic, tasks, backend } = managed()
    const before = tasks.get()
    const changes = vi.fn()
    tasks.listen(changes)
    const updated = optimistic.update<Task>('Task', 'zz', { title: 'Z' }, tasks)
    expect(backend.last.args).toEqual(['update', 'Task', 'zz', { title: 'Z' }])
    await backend.last.resolve({ id: 'zz', title: 'Z' })
    expect(tasks.get()).toBe(before)
    expect(changes).not.toHaveBeenCalled()
    expect(await updated).toEqual({ id: 'zz', title: 'Z' })
  })

  it('keeps its changes if the reply is empty', async () => {
    const { optimistic, tasks, backend } = managed()
    void optimistic.update<Task>('Task', 'b', { title: 'B' }, tasks)
    await backend.last.resolve(null)
    expect(tasks.get()[1]).toEqual({ id: 'b', title: 'B' })
  })

  it('finds rows with numeric ids', async () => {
    const { optimistic, backend } = managed()
    const numbered = createStore<readonly { id: number; title: string }[]>([{ id: 7, title: 'x' }])
    const refused = outcomeOf(optimistic.update('Task', '7', { title: 'y' }, numbered))
    expect(numbered.get()).toEqual([{ id: 7, title: 'y', _optimistic: true }])
    await backend.last.reject()
    expect(numbered.get()).toEqual([{ id: 7, title: 'x' }])
    expect(refused.error).toEqual(new Error('no'))
  })
})

describe('delete', () => {
  it('removes the row at once, and permanently', async () => {
    const { optimistic, tasks, titles, backend } = managed()
    const deleted = optimistic.delete('Task', 'b', tasks)
    expect(titles()).toEqual(['a', 'c'])
    expect(backend.last.args).toEqual(['delete', 'Task', 'b'])
    await backend.last.resolve({ ok: true })
    expect(await deleted).toBeUndefined()
    expect(tasks.get()).toEqual([a, c])
  })

  it('restores the row at its old position when it is refused', async () => {
    const { optimistic, tasks, titles, backend } = managed()
    const outcome = outcomeOf(optimistic.delete('Task', 'b', tasks))
    expect(titles()).toEqual(['a', 'c'])
    await backend.last.reject(new Error('in use'))
    expect(titles()).toEqual(['a', 'b', 'c'])
    expect(outcome.error).toEqual(new Error('in use'))
  })

  it('also removes pending changes of the row', async () => {
    const { optimistic, tasks, titles, calls } = managed()
    void optimistic.update<Task>('Task', 'b', { title: 'B' }, tasks)
    void optimistic.delete('Task', 'b', tasks)
    await calls[1]?.resolve()
    await calls[0]?.resolve({ id: 'b', title: 'B' })
    expect(titles()).toEqual(['a', 'c'])
  })
})

describe('pending', () => {
  it('lists unanswered mutations, and is empty once all are answered', async () => {
    const { optimistic, tasks, calls, backend } = managed()
    const sizes: number[] = []
    optimistic.pending.listen((pending) => sizes.push(pending.length))
    const created = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, tasks))
    const deleted = outcomeOf(optimistic.delete('Task', 'a', tasks))
    expect(optimistic.pending.get()).toEqual([
      {
        id: calls[0]?.context.id,
        intent: { kind: 'create', entity: 'Task', data: { title: 'new' } },
      },
      { id: calls[1]?.context.id, intent: { kind: 'delete', entity: 'Task', id: 'a' } },
    ])
    await calls[0]?.resolve({ id: 'd', title: 'new' })
    await backend.last.reject()
    expect(optimistic.pending.get()).toEqual([])
    expect(sizes).toEqual([1, 2, 1, 0])
    expect([created.error, deleted.error]).toEqual([undefined, new Error('no')])
  })
})

describe('mutate', () => {
  it('shows the applied intent, and keeps the confirmed reply', async () => {
    const optimistic = new OptimisticManager()
    const votes = createStore({ total: 5 })
    let answer: (total: number) => void = () => {}
    const voted = optimistic.mutate(
      { by: 2 },
      {
        on: votes,
        apply: ({ total }, { by }) => ({ total: total + by }),
        request: () =>
          new Promise<number>((resolve) => {
            answer = resolve
          }),
        confirm: (_, total) => ({ total }),
      },
    )
    expectTypeOf(voted).toEqualTypeOf<Promise<number>>()
    expect(votes.get()).toEqual({ total: 7 })
    expect(optimistic.pending.get()).toMatchObject([{ intent: { by: 2 } }])
    answer(9)
    expect(await voted).toBe(9)
    expect(votes.get()).toEqual({ total: 9 })
  })

  it('keeps the applied state if the reply is empty', async () => {
    const optimistic = new OptimisticManager()
    const count = createStore(1)
    const add = (by: number) =>
      optimistic.mutate(by, { on: count, apply: (n, m) => n + m, request: async () => {} })
    await Promise.all([add(1), add(10)])
    expect(count.get()).toBe(12)
  })

  it('does not show a mutation that fails before its request is sent', async () => {
    const optimistic = new OptimisticManager()
    const count = createStore(1)
    const failed = optimistic.mutate(1, {
      on: count,
      apply: (n, m) => n + m,
      request: () => {
        throw new Error('at once')
      },
    })
    expect(count.get()).toBe(1)
    await expect(failed).rejects.toThrow('at once')
    expect(optimistic.pending.get()).toEqual([])
  })

  it('skips an apply function that throws, and reports it', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const optimistic = new OptimisticManager()
    const count = createStore(1)
    const bad = optimistic.mutate('bad', {
      on: count,
      apply: () => {
        throw new Error('bug')
      },
      request: async () => 'done',
    })
    const good = optimistic.mutate('good', {
      on: count,
      apply: (n) => n + 1,
      request: async () => {},
    })
    expect(count.get()).toBe(2)
    expect(await bad).toBe('done')
    await good
    expect(count.get()).toBe(2)
    expect(printed.mock.calls[0]).toMatchObject([
      { code: 'handler-failed', detail: { where: 'apply of a mutation' }, cause: new Error('bug') },
    ])
    printed.mockRestore()
  })

  it('can be called by a listener during another mutation', async () => {
    const optimistic = new OptimisticManager()
    const count = createStore(0)
    const add = (by: number) =>
      optimistic.mutate(by, { on: count, apply: (n, m) => n + m, request: async () => {} })
    const made: Promise<unknown>[] = []
    count.listen((n) => {
      if (n < 3) made.push(add(1))
    })
    await add(1)
    await Promise.all(made)
    expect(count.get()).toBe(3)
  })
})

describe('a store that shows its own mutations', () => {
  const initial: readonly Task[] = Object.freeze([a, b])
  const built = createStore(initial)
  const svelte = writable(initial)
  const preact = signal(initial)
  const shallow = shallowRef(initial)
  const deep = ref<readonly Task[]>([{ ...a }, { ...b }])
  const kinds: [string, ApplicationStore<readonly Task[]>, () => readonly Task[]][] = [
    ['a built-in store', built, () => built.get()],
    ['a Svelte writable', svelte, () => getOf(svelte)],
    ['a Preact signal', preact, () => preact.peek()],
    ['a Vue shallowRef', shallow, () => shallow.value],
    ['a Vue ref', deep, () => deep.value],
  ]
  it.each(kinds)('can be %s, as it is', async (_, tasks, get) => {
    const { api, calls } = controlledApi()
    const optimistic = new OptimisticManager({ api })
    const before = get()
    const unknown = outcomeOf(optimistic.update<Task>('Task', 'zz', { title: 'Z' }, tasks))
    await calls.pop()?.reject()
    expect(unknown.error).toEqual(new Error('no'))
    expect(get()).toBe(before)
    const created = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, tasks))
    void optimistic.update<Task>('Task', 'a', { title: 'A' }, tasks)
    const deleted = outcomeOf(optimistic.delete('Task', 'b', tasks))
    expect(get().map(({ title }) => title)).toEqual(['A', 'new'])
    await calls[0]?.reject()
    await calls[1]?.resolve({ id: 'a', title: 'A' })
    await calls[2]?.reject()
    expect(get()).toEqual([{ id: 'a', title: 'A' }, b])
    expect([created.error, deleted.error]).toEqual([new Error('no'), new Error('no')])
  })

  it('is read without making the caller’s effect follow it', async () => {
    const { optimistic, calls } = managed()
    const tasks = signal([a, b])
    let runs = 0
    effect(() => {
      runs++
      void outcomeOf(optimistic.update('Task', 'a', { title: `A${runs}` }, tasks))
    })
    await calls[0]?.resolve({ id: 'a', title: 'A1' })
    tasks.value = [b]
    expect(runs).toBe(1)
  })

  it('reports a store whose subscribe() calls nothing', async () => {
    const { optimistic } = managed()
    const mute = { subscribe: () => () => {}, set() {} }
    await expect(optimistic.delete('Task', 'a', mute)).rejects.toThrow('The store has no value')
  })

  it('treats a value that the application sets meanwhile as confirmed', async () => {
    const { optimistic, tasks, calls } = managed()
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'A' }, tasks))
    const alsoRefused = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, tasks))
    // The application maps over the shown rows, and adds one.
    tasks.set([...tasks.get().map((row) => (row.id === 'b' ? { ...row, title: 'B' } : row)), d])
    await calls[0]?.reject()
    expect(tasks.get().map(({ title }) => title)).toEqual(['a', 'B', 'c', 'd', 'new'])
    await calls[1]?.reject()
    expect(tasks.get()).toEqual([a, { ...b, title: 'B' }, c, d])
    expect([refused.error, alsoRefused.error]).toEqual([new Error('no'), new Error('no')])
  })
  const d: Task = { id: 'd', title: 'd' }

  it('can be set by the application between two mutations', async () => {
    const { optimistic, tasks, backend } = managed()
    void optimistic.update<Task>('Task', 'a', { title: 'A' }, tasks)
    await backend.last.resolve({ id: 'a', title: 'A' })
    tasks.set([d])
    const refused = outcomeOf(optimistic.update<Task>('Task', 'd', { title: 'D' }, tasks))
    await backend.last.reject()
    expect(tasks.get()).toEqual([d])
    expect(refused.error).toEqual(new Error('no'))
  })
})

describe('a manager', () => {
  it('rejects with a clear error if it has no api or no client', async () => {
    const optimistic = new OptimisticManager()
    const tasks = createStore<readonly Task[]>([])
    await expect(optimistic.create<Task>('Task', {}, tasks)).rejects.toThrow('has no api')
    const failed = optimistic.mutate(0, {
      on: tasks,
      apply: (rows) => rows,
      request: (_, { request }) => request('task:create'),
    })
    await expect(failed).rejects.toThrow('has no client')
  })

  it('returns one view per state, which shows pending mutations while the state stays confirmed', async () => {
    const { optimistic, backend } = managed()
    const state = createStore<readonly Task[]>([a])
    const tasks = { state }
    const view = optimistic.view(tasks)
    expectTypeOf(view).toEqualTypeOf<Readable<readonly Optimistic<Task>[]>>()
    expect(optimistic.view(tasks)).toBe(view)
    void optimistic.update<Task>('Task', 'a', { title: 'A' }, tasks)
    expect(view.get()).toEqual([{ ...a, title: 'A', _optimistic: true }])
    expect(state.get()).toEqual([a])
    state.set([{ ...a, status: 'open' }, b])
    expect(view.get()).toEqual([{ id: 'a', title: 'A', status: 'open', _optimistic: true }, b])
    await backend.last.resolve()
    // The reply contains no position, so the mutation ends with it.
    expect(view.get()).toBe(state.get())
  })
})

describe('a list of a deep Vue ref', () => {
  it('keeps the rows that the application adds in place during a mutation', async () => {
    const backend = controlledApi()
    const optimistic = new OptimisticManager({ api: backend.api })
    const tasks = ref<Task[]>([{ ...a }])
    const titles = () => tasks.value.map(({ title }) => title)
    for (const refused of [false, true]) {
      const changed = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'new' }, tasks))
      tasks.value.push({ id: `during${refused}`, title: 'during' })
      if (refused) await backend.last.reject()
      else await backend.last.resolve({ id: 'a', title: 'answered' })
      expect(changed).not.toEqual({})
      tasks.value.push({ id: `after${refused}`, title: 'after' })
    }
    expect(titles()).toEqual(['answered', 'during', 'after', 'during', 'after'])
    const removed = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'new' }, tasks))
    tasks.value.splice(1, 1)
    await backend.last.reject()
    expect(titles()).toEqual(['answered', 'after', 'during', 'after'])
    expect(removed.error).toBeDefined()
  })
})

describe('two lists of one channel', () => {
  it('both show a mutation, and so does a list that is followed while its request runs', async () => {
    const backend = controlledApi()
    const { client, clock } = scripted()
    onTestFinished(() => client.close())
    const channels = new ChannelSubscriber(client)
    const optimistic = new OptimisticManager({ client, api: backend.api })
    const open = () => {
      const list = bindList<Task>(channels, 'entity:Task', { load: async () => ({ state: [a] }) })
      const view = optimistic.view(list)
      view.subscribe(() => {})
      return { list, titles: () => view.get().map(({ title }) => title) }
    }
    const [first, second] = [open(), open()]
    await clock.advance(100)
    const created = outcomeOf(optimistic.create<Task>('Task', { title: 'new' }, first.list))
    const third = open()
    await clock.advance(100)
    const all = [first, second, third]
    expect(all.map(({ titles }) => titles())).toEqual(Array(3).fill(['a', 'new']))
    expect(optimistic.pending.get()).toHaveLength(1)
    await backend.last.resolve({ id: 'd', title: 'answered' })
    expect(all.map(({ titles }) => titles())).toEqual(Array(3).fill(['a', 'answered']))
    expect([created.value, optimistic.pending.get()]).toEqual([{ id: 'd', title: 'answered' }, []])
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'bad' }, third.list))
    expect(all.map(({ titles }) => titles())).toEqual(Array(3).fill(['bad', 'answered']))
    await backend.last.reject()
    expect(all.map(({ titles }) => titles())).toEqual(Array(3).fill(['a', 'answered']))
    expect([refused.error, optimistic.pending.get()]).toEqual([new Error('no'), []])
  })
})
