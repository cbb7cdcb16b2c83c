import { signal } from '@preact/signals-core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Optimistic, PresenceUser, Readable } from 'wirefold'
import {
  ChannelSubscriber,
  ContextRegistry,
  feed,
  OptimisticManager,
  PresenceManager,
} from 'wirefold'
import { valueSignals } from 'wirefold/signals'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { requestApi } from './request-api.ts'

interface Task {
  readonly kind: 'Task'
  readonly id: string
  readonly title: string
}
interface Total {
  readonly kind: 'Total'
  readonly count: number
}

const task = (id: string, title = id): Task => ({ kind: 'Task', id, title })
const registry = () =>
  new ContextRegistry<Task | Total>().keyed('Task', ({ id }) => id).single('Total')

async function fed(kinds = registry()) {
  const parts = scripted({ answer: () => undefined })
  const { client, clock, server } = parts
  const channels = new ChannelSubscriber(client)
  feed(channels, 'board', kinds)
  const optimistic = new OptimisticManager({
    client,
    channels,
    api: requestApi(),
  })
  const publish = async (payload: Task | Total) => {
    server.publish('board', 'context', payload)
    await clock.advance(0)
  }
  const reply = async (offset?: number, channel = 'board', epoch = 'e1') => {
    const { requestId } = server.messages.at(-1) ?? {}
    const at = offset && [{ channel, epoch, offset }]
    server.send({ type: 'reply', requestId, payload: null, at })
    await clock.advance(0)
  }
  await clock.advance(1)
  return { ...parts, kinds, optimistic, publish, reply }
}

describe('the state of a registry slot', () => {
  it('contains its values in order of creation, updated once per event', () => {
    const kinds = registry()
    const slot = kinds.slot('Task')
    expectTypeOf(slot.state).toEqualTypeOf<Readable<readonly Task[]>>()
    kinds.dispatch(task('a'))
    const seen: string[] = []
    slot.state.subscribe((rows) => seen.push(rows.map(({ title }) => title).join('')))
    kinds.dispatch(task('b'))
    kinds.dispatch(task('a', 'A'))
    kinds.dispatch(task('a', 'A'))
    slot.delete('a')
    expect(slot.state).toBe(kinds.slot('Task').state)
    expect(seen).toEqual(['a', 'ab', 'Ab', 'b'])
  })

  it('keeps the keys unchanged if only a value changes', () => {
    const kinds = registry()
    const { keys, state } = kinds.slot('Task')
    let notified = 0
    keys.listen(() => notified++)
    state.listen(() => {})
    kinds.dispatch(task('a'))
    kinds.dispatch(task('a', 'A'))
    expect(notified).toBe(1)
  })

  it('is the single value of a single kind', () => {
    const kinds = registry()
    const { state } = kinds.slot('Total')
    const seen: unknown[] = []
    state.subscribe((total) => seen.push(total?.count))
    kinds.dispatch({ kind: 'Total', count: 3 })
    expect(seen).toEqual([undefined, 3])
  })

  it('reports a listener that throws, and notifies the others', () => {
    const notified: unknown[] = []
    const kinds = new ContextRegistry<Task>({ onError: (error) => notified.push(error) }).keyed(
      'Task',
      ({ id }) => id,
    )
    const { state } = kinds.slot('Task')
    const seen: number[] = []
    state.listen(() => {
      throw new Error('bug')
    })
    state.listen((rows) => seen.push(rows.length))
    kinds.dispatch(task('a'))
    expect(seen).toEqual([1])
    expect(notified).toMatchObject([{ code: 'handler-failed', cause: new Error('bug') }])
  })
})

describe('a view of a registry slot', () => {
  it('shows pending mutations while the slot stays confirmed, in any kind of store', async () => {
    const kinds = new ContextRegistry<Task | Total>()
      .storedIn(valueSignals(signal))
      .keyed('Task', ({ id }) => id)
    const parts = await fed(kinds as never)
    const { clock, optimistic, publish, server } = parts
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    expectTypeOf(view).toEqualTypeOf<Readable<readonly Optimistic<Task>[]>>()
    await publish(task('a'))
    const refused = outcomeOf(optimistic.update<Task>('Task', 'a', { title: 'mine' }, slot))
    expect(view.get()).toEqual([{ ...task('a', 'mine'), _optimistic: true }])
    expect(slot.state.get()).toEqual([task('a')])
    expect(kinds.entity('Task', 'a').value).toEqual(task('a'))
    await clock.advance(0)
    const { requestId } = server.messages.at(-1) ?? {}
    server.send({ type: 'error', requestId, payload: { code: 'no', message: '' } })
    await clock.advance(0)
    expect(view.get()).toBe(slot.state.get())
    expect(refused.error).toMatchObject({ code: 'no' })
  })

  it('keeps a mutation until the channel reaches the position of its reply', async () => {
    const { clock, client, kinds, optimistic, publish, reply } = await fed()
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    await publish(task('a'))
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, slot)
    await clock.advance(0)
    await reply(3)
    await publish(task('a', 'theirs'))
    expect(view.get()).toEqual([task('a', 'mine')])
    await publish(task('a', 'mine!'))
    expect(view.get()).toBe(slot.state.get())
    expect(view.get()).toEqual([task('a', 'mine!')])
    // Only the handler of `feed` remains.
    expect(client.stats().handlers).toBe(1)
    expect(optimistic.pending.get()).toEqual([])
  })

  it('does not wait for a position that is already reached, or of another epoch', async () => {
    const { clock, kinds, optimistic, publish, reply } = await fed()
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    await publish(task('a'))
    for (const [offset, epoch] of [
      [1, 'e1'],
      [9, 'e0'],
    ] as const) {
      void optimistic.update<Task>('Task', 'a', { title: 'mine' }, slot)
      await clock.advance(0)
      expect(view.get()).toMatchObject([{ title: 'mine' }])
      await reply(offset, 'board', epoch)
      expect(view.get()).toBe(slot.state.get())
    }
  })

  it('waits while the channel recovers', async () => {
    const { clock, kinds, optimistic, publish, reply, server } = await fed()
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    await publish(task('a'))
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, slot)
    await clock.advance(0)
    await reply(2)
    server.drop()
    await clock.advance(0)
    expect(view.get()).toEqual([task('a', 'mine')])
    server.publish('board', 'context', task('a', 'mine!'))
    await clock.advance(3_000)
    expect(view.get()).toEqual([task('a', 'mine!')])
    expect(view.get()).toBe(slot.state.get())
  })

  it('waits until the channel has recovered in a new epoch', async () => {
    const { clock, kinds, optimistic, publish, server } = await fed()
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    await publish(task('a'))
    void optimistic.update<Task>('Task', 'a', { title: 'mine' }, slot)
    await clock.advance(0)
    server.forget('e2')
    // The out-of-order event makes the client resubscribe; it recovers until the reply.
    server.silent = true
    server.send({ type: 'context', channel: 'board', payload: null, offset: 9 })
    await clock.advance(0)
    const subscribe = server.messages.at(-1)
    const { requestId } = server.messages.find(({ type }) => type === 'update') ?? {}
    const at = [{ channel: 'board', epoch: 'e2', offset: 1 }]
    server.send({ type: 'reply', requestId, payload: null, at })
    await clock.advance(0)
    expect(subscribe?.type).toBe('subscribe')
    expect(view.get()).toEqual([task('a', 'mine')])
    const subscribed = { at: { board: ['e2', 0] } }
    server.send({ type: 'subscribed', requestId: subscribe?.requestId, payload: subscribed })
    await clock.advance(0)
    expect(view.get()).toEqual([task('a', 'mine')])
    server.silent = false
    server.send({ type: 'context', channel: 'board', payload: task('a', 'mine!'), offset: 1 })
    await clock.advance(0)
    expect(view.get()).toEqual([task('a', 'mine!')])
    expect(view.get()).toBe(slot.state.get())
  })

  it('ends the mutation with its reply if the channel has no handler, or the reply no position', async () => {
    const { clock, kinds, optimistic, publish, reply } = await fed()
    const slot = kinds.slot('Task')
    const view = optimistic.view(slot)
    await publish(task('a'))
    for (const args of [[], [7, 'elsewhere']] as [number?, string?][]) {
      void optimistic.delete('Task', 'a', slot)
      await clock.advance(0)
      expect(view.get()).toEqual([])
      await reply(...args)
      expect(view.get()).toEqual([task('a')])
    }
  })

  it('of a single value shows the result of a mutation', async () => {
    const { clock, kinds, optimistic, publish, reply } = await fed()
    const slot = kinds.slot('Total')
    const view = optimistic.view(slot)
    await publish({ kind: 'Total', count: 3 })
    const voted = optimistic.mutate(2, {
      on: slot,
      apply: (total, by) => total && { ...total, count: total.count + by },
      request: (by, { request }) => request('vote', { by }),
    })
    expect(view.get()?.count).toBe(5)
    await publish({ kind: 'Total', count: 4 })
    expect(view.get()?.count).toBe(6)
    await clock.advance(0)
    await reply(3)
    await voted
    expect(view.get()?.count).toBe(6)
    await publish({ kind: 'Total', count: 6 })
    expect(view.get()).toBe(slot.state.get())
  })
})

describe('a view of a state that is active only while it has listeners', () => {
  it('opens no connection at first, subscribes with its first listener, and is current without one', async () => {
    const { client, clock, server } = scripted({ answer: () => undefined })
    const people = new PresenceManager(new ChannelSubscriber(client)).of('board')
    const optimistic = new OptimisticManager({ client })
    const on = { state: people }
    const view = optimistic.view(on)
    await clock.advance(60_000)
    expect([view.get(), client.state.get().name]).toEqual([[], 'idle'])
    const leave = view.subscribe(() => {})
    await clock.advance(1)
    server.publish('presence:board', 'presence:sync', { users: [{ id: 'ada' }] })
    await clock.advance(1)
    expect(view.get()).toBe(people.get())
    expect(people.get()).toHaveLength(1)
    leave()
    const apply = (users: readonly PresenceUser[]) => [...users].reverse()
    const pending = outcomeOf(
      optimistic.mutate('reverse', { on, apply, request: () => new Promise<never>(() => {}) }),
    )
    expect(view.get()).toBe(view.get())
    await clock.advance(1_000)
    expect([view.get(), people.get(), pending]).toEqual([[], [], {}])
  })
})
