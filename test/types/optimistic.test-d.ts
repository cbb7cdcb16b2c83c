import { describe, expectTypeOf, it } from 'vitest'
import type { ChannelSubscriber, Optimistic, Readable, Reply } from 'wirefold'
import { bindList, bindRecord, ContextRegistry, OptimisticManager, RealtimeClient } from 'wirefold'

interface Task {
  readonly id: string
  readonly title: string
}

declare const channels: ChannelSubscriber
const client = new RealtimeClient('ws://x')
const optimistic = new OptimisticManager({ client, channels })

describe('lists, records and their pending mutations', () => {
  it('have the type of the result of load', () => {
    const tasks = bindList(channels, 'a', { load: async () => ({ state: [] as Task[] }) })
    expectTypeOf(tasks.state).toEqualTypeOf<Readable<readonly Task[]>>()
    expectTypeOf(optimistic.view(tasks)).toEqualTypeOf<Readable<readonly Optimistic<Task>[]>>()
    const task = bindRecord(channels, 'a', { load: async () => ({ state: {} as Task }) })
    expectTypeOf(task.state).toEqualTypeOf<Readable<Task | undefined>>()
    expectTypeOf(optimistic.view(task)).toEqualTypeOf<Readable<Task | undefined>>()
    expectTypeOf(optimistic.create('Task', { title: 'x' }, tasks)).toEqualTypeOf<Promise<Task>>()
    // @ts-expect-error a task has no such field
    optimistic.update('Task', 'a', { size: 1 }, tasks)
  })

  it('accept mutations of their own type', () => {
    const totals = new ContextRegistry<{ kind: 'Total'; count: number }>().single('Total')
    const made = optimistic.mutate(2, {
      on: totals.slot('Total'),
      apply: (total, by) => total && { ...total, count: total.count + by },
      request: async (by, { request }) => request<{ count: number }>('vote', { by }),
      confirm: (total, { count }) => total && { ...total, count },
    })
    expectTypeOf(made).toEqualTypeOf<Promise<{ count: number }>>()
    expectTypeOf(client.requestWithPosition<Task>('get')).toEqualTypeOf<Promise<Reply<Task>>>()
  })
})
