import { signal } from '@preact/signals-core'
import { writable } from 'svelte/store'
import { describe, expectTypeOf, it } from 'vitest'
import { ref, shallowRef } from 'vue'
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

  it('are the stores of Preact, Vue and Svelte as they are, without a cast', () => {
    const made = [signal<Task[]>([]), ref<Task[]>([]), shallowRef<Task[]>([]), writable<Task[]>([])]
    for (const tasks of made) {
      expectTypeOf(optimistic.create('Task', { title: 'x' }, tasks)).toEqualTypeOf<Promise<Task>>()
      bindList(channels, 'a', { load: async () => ({ state: [] as Task[] }), into: tasks })
      // @ts-expect-error a task has no such field
      optimistic.update('Task', 'a', { size: 1 }, tasks)
    }
    const count = signal(0)
    expectTypeOf(
      optimistic.mutate(2, { on: count, apply: (n, by) => n + by, request: async () => 'done' }),
    ).toEqualTypeOf<Promise<string>>()
    // @ts-expect-error a number is no store
    bindList(channels, 'a', { load: async () => ({ state: [] as Task[] }), into: 7 })
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
