import { describe, expect, it } from 'vitest'
import {
  bindList,
  ChannelSubscriber,
  ContextRegistry,
  OptimisticManager,
  PresenceManager,
} from 'wirefold'
import { sessionContexts } from 'wirefold/dialects/socketio'
import { chat, createStreamClient, notifications } from 'wirefold/dialects/streams'
import { ManualClock, ScriptedPeer, settle } from 'wirefold/testing'
import { scripted } from '../support/scripted.ts'

interface Task {
  readonly id: string
  readonly title: string
}

/** Returns the paths of all mutable objects within a value. */
function changeable(value: unknown, path = 'value'): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const within = Object.entries(value).flatMap(([key, inner]) =>
    changeable(inner, `${path}.${key}`),
  )
  return Object.isFrozen(value) ? within : [path, ...within]
}

/** A connected client with a channel subscriber. */
async function world() {
  const parts = scripted({ answer: () => undefined })
  const channels = new ChannelSubscriber(parts.client)
  await Promise.all([parts.client.connect(), parts.clock.advance(0)])
  return { ...parts, channels }
}

describe('values that the library returns', () => {
  it('are members that the application cannot change', async () => {
    const { channels, clock, server } = await world()
    const presence = new PresenceManager(channels)
    const seen: unknown[] = []
    presence.on('changed', ({ user }) => seen.push(user))
    const users = presence.of('room')
    users.subscribe(() => {})
    await clock.advance(0)
    const user = (id: string, n: number) => ({
      ...{ id, name: id, meta: { at: { n } }, lastSeen: 1 },
      devices: [{ id: 'd', meta: { n }, lastSeen: 1 }],
    })
    const send = async (type: string, payload: unknown) => {
      server.send({ type: `presence:${type}`, channel: 'presence:room', payload })
      await clock.advance(0)
    }
    await send('sync', { users: [user('ada', 1), user('ada', 2), 'bob'] })
    await send('update', { user: user('ada', 2) })
    await send('heartbeat', { user: { id: 'bob', lastSeen: 2 } })
    await send('join', { user: user('eve', 1) })
    expect(users.get()).toHaveLength(3)
    expect(changeable([...(presence.members.get().get('room') ?? [])])).toEqual(['value'])
    expect([changeable(users.get()), seen.flatMap((one) => changeable(one))]).toEqual([[], []])
  })

  it('are members whose changes by the application have no effect', async () => {
    const { channels, clock, server, errors } = await world()
    const users = new PresenceManager(channels).of('room')
    const shown: string[] = []
    users.subscribe((all) => {
      shown.push(all.map(({ id }) => id).join())
      for (const user of all) Reflect.deleteProperty(user, 'devices')
    })
    await clock.advance(0)
    for (const [type, id] of [
      ['sync'],
      ['join', 'ada'],
      ['update', 'ada'],
      ['join', 'bob'],
      ['leave', 'ada'],
    ]) {
      const payload = id ? { user: { id, name: id } } : { users: [] }
      server.send({ type: `presence:${type}`, channel: 'presence:room', payload })
      await clock.advance(0)
    }
    expect([shown.at(-1), errors]).toEqual(['bob', []])
  })

  it('are lists that the application cannot sort in place', async () => {
    const { channels, clock, server, client } = await world()
    const tasks = bindList(channels, 'entity:Task', {
      load: async () => ({ state: [{ id: 'b' }, { id: 'a' }] }),
    })
    const view = new OptimisticManager({ client }).view(tasks)
    const sorted = () => [...tasks.state.get()].sort()
    view.subscribe(() => {})
    await clock.advance(1)
    expect([Object.isFrozen(tasks.state.get()), Object.isFrozen(view.get())]).toEqual([true, true])
    expect(() => Object(tasks.state.get()).sort()).toThrow(TypeError)
    server.publish('entity:Task', 'entity:created', { id: 'c' })
    await clock.advance(0)
    expect([Object.isFrozen(tasks.state.get()), sorted().length]).toEqual([true, 3])
  })

  it('are pending mutations, counts and states that the application cannot change', async () => {
    const { channels, clock, server, client } = await world()
    const optimistic = new OptimisticManager({
      client,
      api: {
        create: (_, data, { request }) => request('create', data),
        update: async () => ({}),
        delete: async () => ({}),
      },
    })
    const tasks = bindList<Task>(channels, 'entity:Task', { load: async () => ({ state: [] }) })
    const status = channels.subscribe('a', () => {}).status
    const handed = () => [
      changeable(client.state.get()),
      changeable(client.pending.get()),
      changeable(status.get()),
      Object.isFrozen(optimistic.pending.get()) && Object.isFrozen(optimistic.pending.get()[0]),
    ]
    expect(changeable(client.pending.get())).toEqual([])
    void optimistic.create('Task', { title: 'new' }, tasks).catch(() => {})
    await clock.advance(1)
    expect(handed()).toEqual([[], [], [], true])
    server.transport.refusing = true
    server.drop()
    await clock.advance(1)
    expect(status.get().name).toBe('recovering')
    expect(handed()).toEqual([['value.reason'], [], [], true])
  })

  it('do not follow changes of an object that was passed to a mutation', async () => {
    const { channels, client } = await world()
    const tasks = bindList<Task>(channels, 'entity:Task', { load: async () => ({ state: [] }) })
    tasks.source.confirm(() => [{ id: 'a', title: 'one' }])
    const api = {
      create: async () => ({}),
      update: () => new Promise(() => {}),
      delete: async () => {},
    }
    const optimistic = new OptimisticManager({ client, api })
    const form = { title: 'two' }
    void optimistic.update<Task>('Task', 'a', form, tasks)
    form.title = 'three'
    void optimistic.create<Task>('Task', { title: 'x' }, tasks)
    expect(optimistic.view(tasks).get()).toMatchObject([{ title: 'two' }, { title: 'x' }])
  })

  it('are payloads whose counted size the application cannot change', () => {
    const registry = new ContextRegistry<{ kind: 'log'; payload: unknown }>({
      payloads: { chars: 10 },
    }).single('log')
    const log = (content: string) =>
      registry.dispatch({ kind: 'log', payload: { content, type: 't' } }, { id: content })
    log('aaaa')
    for (const entry of registry.payloads.entries()) Reflect.set(entry, 'content', 'a'.repeat(100))
    log('bbbb')
    log('cccc')
    expect(registry.payloads.entries().map(({ content }) => content)).toEqual(['bbbb', 'cccc'])
    expect(changeable(registry.payloads.entries()[0])).toEqual([])
  })

  it('are sessions and stream messages whose lists the application cannot change', async () => {
    const sessions = sessionContexts(new ContextRegistry())
    const data = { sessionId: 's', timestamp: '2026-01-01T00:00:00Z', modelName: 'm' }
    sessions.dispatch({ kind: 'session', event: 'model_result', data: data as never })
    const session = sessions.slot('session').get('s')
    expect(changeable(session)).toEqual(['value.modelResults.0'])

    const clock = new ManualClock()
    const { transport: pair } = new ScriptedPeer({ clock })
    const api = createStreamClient({
      ...{ url: 'ws://test/websocket', transport: pair, clock, stream: 's' },
      clients: [chat(), notifications()],
    })
    void api.client.connect()
    await clock.advance(0)
    for (const message of [
      { type: 'message', stream: 's:chat', username: 'nora', message: 'hello' },
      { type: 'notification', stream: 's:notifications', message: 'news' },
    ]) {
      pair.last.send(JSON.stringify(message))
    }
    await clock.advance(0)
    await settle()
    const all = [api.chat.messages.get(), api.notifications.messages.get()]
    expect(all.map(({ length }) => length)).toEqual([1, 1])
    expect(all.flatMap((messages) => changeable(messages))).toEqual([])
    api.close()
  })
})
