import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventFrame } from 'wirefold'
import {
  bindList,
  bindRecord,
  channelEvents,
  channelScope,
  createStore,
  defineManager,
  feed,
  OptimisticManager,
  PresenceManager,
  sync,
} from 'wirefold'
import { createMockSubscriber, ManualClock, settle } from 'wirefold/testing'

interface Task {
  readonly id: string
  readonly title: string
}

const write: Task = { id: '1', title: 'Write' }
const send: Task = { id: '2', title: 'Send' }

describe('a mock subscriber', () => {
  it('calls handlers at once with what the test emits, until they are released', () => {
    const channels = createMockSubscriber()
    const got: unknown[] = []
    const off = channels.subscribe('news', (payload, { type, id }) => got.push([type, payload, id]))
    const payload = { n: 1 }
    channels.emit('news', 'said', payload, { id: 'e1' })
    channels.emit('other', 'said', 2)
    off()
    channels.emit('news', 'said', 3)
    expect(got).toEqual([['said', payload, 'e1']])
  })

  it('shows which channels are subscribed to, each once', async () => {
    const channels = createMockSubscriber()
    const first = channels.subscribe('news', () => {})
    const second = channels.subscribe('news', () => {})
    await first.ready
    expect(channels.subscribed).toEqual(['news'])
    expect(first.status.get()).toEqual({ name: 'live' })
    first()
    second()
    await vi.waitFor(() => expect(channels.subscribed).toEqual([]))
    expect(channels.sent.map(({ kind }) => kind)).toEqual(['subscribe', 'unsubscribe'])
  })

  it('delivers the events of a family', async () => {
    const channels = createMockSubscriber()
    const got: unknown[] = []
    await channels.subscribe('entity:*', (n, { channel }) => got.push([channel, n])).ready
    channels.emit('entity:Task', 'x', 1)
    channels.emit('news', 'x', 2)
    expect(got).toEqual([['entity:Task', 1]])
  })

  it('replays the events of a family, with its offsets, as a server does', async () => {
    const channels = createMockSubscriber()
    const got: unknown[] = []
    const off = channels.subscribe('room:*', (n, { offset, via }) => got.push([n, offset, via]))
    await off.ready
    channels.emit('room:1', 'said', 'a')
    channels.lose()
    channels.emit('room:2', 'said', 'b')
    channels.restore()
    await settle()
    channels.emit('room:1', 'said', 'c')
    expect(got).toEqual([
      ['a', 1, 'room:*'],
      ['b', 2, 'room:*'],
      ['c', 3, 'room:*'],
    ])
    channels.lose()
    channels.forget()
    channels.restore()
    await settle()
    expect(off.status.get().name).toBe('gap')
  })

  it('refuses what the test refuses', async () => {
    const refuse = (channel: string) => (channel === 'secret' ? 'forbidden' : undefined)
    const channels = createMockSubscriber({ refuse })
    await expect(channels.subscribe('secret', () => {}).ready).rejects.toMatchObject({
      code: 'forbidden',
    })
    await channels.subscribe('news', () => {}).ready
  })

  it('replays what was emitted while the connection was lost, or reports a gap', async () => {
    const channels = createMockSubscriber()
    const got: unknown[] = []
    const off = channels.subscribe('news', (n) => got.push(n))
    await off.ready
    channels.emit('news', 'said', 1)
    channels.lose()
    expect(off.status.get().name).toBe('recovering')
    channels.emit('news', 'said', 2)
    expect(got).toEqual([1])
    channels.restore()
    await settle()
    expect([got, off.status.get().name]).toEqual([[1, 2], 'live'])
    channels.lose()
    channels.forget()
    channels.restore()
    await settle()
    expect(off.status.get()).toMatchObject({ name: 'gap', reason: 'epoch-changed' })
  })

  it('reports the exceptions of handlers', () => {
    const errors: unknown[] = []
    const channels = createMockSubscriber({ onError: (error) => errors.push(error) })
    channels.subscribe('news', () => {
      throw new Error('no')
    })
    channels.emit('news', 'said')
    expect(errors).toMatchObject([{ code: 'handler-failed' }])
  })

  describe('under fake timers', () => {
    beforeEach(() => {
      vi.useFakeTimers()
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    it('keeps a channel for the linger time', async () => {
      const channels = createMockSubscriber({ lingerMs: 250 })
      channels.subscribe('news', () => {})()
      await vi.advanceTimersByTimeAsync(240)
      expect(channels.subscribed).toEqual(['news'])
      await vi.advanceTimersByTimeAsync(20)
      expect(channels.subscribed).toEqual([])
    })
  })
})

describe('what takes a subscriber takes a mock', () => {
  it('feed', () => {
    const channels = createMockSubscriber()
    const folded: EventFrame[] = []
    feed(channels, 'process:1', { fold: (events) => folded.push(...events) })
    channels.emit('process:1', 'event', 7)
    expect(folded).toMatchObject([{ channel: 'process:1', payload: 7 }])
  })

  it('sync', async () => {
    const channels = createMockSubscriber()
    const state = createStore<readonly number[]>([])
    const synced = sync<readonly number[]>(channels, 'numbers', {
      load: async () => ({ state: [1] }),
      into: {
        reset: (all) => state.set(all),
        fold: (events) => state.set([...state.get(), ...events.map((one) => Number(one.payload))]),
      },
    })
    synced.start()
    await synced.ready
    channels.emit('numbers', 'number', 2)
    expect(state.get()).toEqual([1, 2])
    synced()
  })

  it('bindList and bindRecord', async () => {
    const channels = createMockSubscriber()
    const load = async () => ({ state: [write] })
    const list = bindList<Task>(channels, 'entity:Task', { load })
    const record = bindRecord<Task>(channels, 'entity:Task:1', {
      load: async () => ({ state: write }),
    })
    await Promise.all([list.ready, record.ready])
    channels.emit('entity:Task', 'entity:created', send)
    channels.emit('entity:Task:1', 'entity:updated', { id: '1', title: 'Rewrite' })
    expect(list.state.get()).toEqual([write, send])
    expect(record.state.get()).toEqual({ id: '1', title: 'Rewrite' })
    list()
    record()
  })

  it('PresenceManager', async () => {
    const channels = createMockSubscriber({ clock: new ManualClock() })
    const presence = new PresenceManager(channels)
    const here = presence.enter('doc', { typing: true })
    const users = presence.of('doc')
    const off = users.subscribe(() => {})
    await here.ready
    channels.emit('presence:doc', 'presence:sync', {
      users: [{ id: 'ada', name: 'Ada', meta: {}, devices: [], lastSeen: 1 }],
    })
    expect(users.get()).toMatchObject([{ id: 'ada' }])
    expect(channels.sent).toMatchObject([
      { kind: 'presence', action: 'join', resource: 'doc', meta: { typing: true } },
      { kind: 'subscribe', channels: ['presence:doc'] },
    ])
    off()
    here()
  })

  it('OptimisticManager', async () => {
    const channels = createMockSubscriber()
    const list = bindList<Task>(channels, 'entity:Task', { load: async () => ({ state: [write] }) })
    const manager = new OptimisticManager({ channels })
    const view = manager.view(list)
    const off = view.subscribe(() => {})
    await list.ready
    expect(view.get()).toMatchObject([write])
    off()
    list()
  })

  it('channelEvents, channelScope and defineManager', async () => {
    const channels = createMockSubscriber()
    const read = (async () => {
      for await (const event of channelEvents(channels, 'news')) return event.payload
      return undefined
    })()
    await settle()
    const got: unknown[] = []
    const scope = channelScope(channels)
    scope.subscribe('news', (n) => got.push(n))
    const manager = defineManager({ topics: ['news'], onEvent: (n) => got.push(n) })
    manager.initialize(channels)
    channels.emit('news', 'said', 7)
    expect(await read).toBe(7)
    expect(got).toEqual([7, 7])
    scope()
    manager.cleanup()
  })
})
