import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  chat,
  clientsOf,
  createStreamClient,
  notifications,
  presence,
  type StreamStrategy,
  streamName,
  streamPlugin,
  streamsDialect,
} from 'wirefold/dialects/streams'
import { ManualClock, MemoryPair, ScriptedPeer } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { outcomeOf } from '../../support/scripted.ts'

async function joined(strategy: StreamStrategy) {
  const clock = new ManualClock()
  const { transport: pair, messages: sent } = new ScriptedPeer<Fields>({ clock })
  const api = createStreamClient({
    ...{ url: 'ws://test/websocket', transport: pair, clock, stream: 'stream:1' },
    clients: [chat({ strategy }), presence(), notifications({ strategy })],
  })
  void api.client.connect()
  await clock.advance(0)
  const deliver = async (...frames: readonly unknown[]) => {
    for (const frame of frames) pair.last.send(JSON.stringify(frame))
    await clock.advance(0)
  }
  const chatMessage = (message: string, id?: string) =>
    deliver({ type: 'message', stream: 'stream:1:chat', username: 'nora', message, id })
  /** Drops the connection, and waits for the next one. */
  const away = async () => {
    pair.last.close(1006)
    await clock.advance(30_000)
  }
  const shown = () => api.chat.messages.get().map(({ message }) => message)
  return { clock, pair, api, sent, deliver, chatMessage, away, shown }
}

describe('a stream client', () => {
  it('sends the last id of each stream when it reconnects', async () => {
    const { pair, chatMessage, away } = await joined('streams')
    await chatMessage('one', '1701377504100-0')
    await chatMessage('two', '1701377504100-10')
    await away()
    expect(pair.ends).toHaveLength(2)
    expect(clientsOf(pair.last.url)).toMatchObject([
      { name: 'chat', lastSeen: '1701377504100-10' },
      { name: 'presence' },
      { name: 'notifications' },
    ])
  })

  it('leaves no connection open if a plugin throws', async () => {
    const clock = new ManualClock()
    const { transport: pair } = new ScriptedPeer({ clock })
    const broken = streamPlugin('broken', {}, () => {
      throw new RangeError('no room')
    })
    const create = () =>
      createStreamClient({
        ...{ url: 'ws://test/websocket', transport: pair, clock, stream: 'stream:1' },
        clients: [chat(), broken],
      })
    expect(create).toThrow('no room')
    await clock.advance(60_000)
    expect(pair.ends.every(({ closed }) => closed)).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('shows replayed messages once, and has no gap, with the strategy streams', async () => {
    const { chatMessage, away, shown, api } = await joined('streams')
    await chatMessage('one', '1701377504100-9')
    await chatMessage('two', '1701377504100-10')
    await away()
    // Compared as text, 10 would precede 9.
    await chatMessage('one', '1701377504100-9')
    await chatMessage('two', '1701377504100-10')
    await chatMessage('missed', '1701377504100-11')
    await chatMessage('later', '11701377504100-0')
    expect(shown()).toEqual(['one', 'two', 'missed', 'later'])
    expect(api.chat.status.get().name).toBe('live')
  })

  it('sorts messages by id that arrive after newer ones, each once', async () => {
    const { chatMessage, deliver, away, shown, api } = await joined('streams')
    const notify = (message: string, id: string) =>
      deliver({ type: 'notification', stream: 'stream:1:notifications', message, id })
    await chatMessage('0', '100-0')
    await notify('0', '100-0')
    await away()
    for (const seq of ['10', '2', '9', '2', '10', '0', '11']) {
      await chatMessage(seq, `100-${seq}`)
      await notify(seq, `100-${seq}`)
    }
    const due = ['0', '2', '9', '10', '11']
    expect(shown()).toEqual(due)
    expect(api.notifications.messages.get().map(({ message }) => message)).toEqual(due)
  })

  it('resumes after the same id again if the connection was lost during a replay', async () => {
    const { pair, clock, chatMessage, shown } = await joined('streams')
    const lastSeen = () => clientsOf(pair.last.url)[0]?.lastSeen
    /** Drops the connection; the next one opens within 1.4 s, the longest second wait. */
    const disconnect = async () => {
      pair.last.close(1006)
      await clock.advance(1_400)
    }
    await chatMessage('0', '100-0')
    await disconnect()
    expect(lastSeen()).toBe('100-0')
    // A live message has arrived before the replay, which is interrupted by the disconnect.
    await chatMessage('10', '100-10')
    await disconnect()
    expect(lastSeen()).toBe('100-0')
    await chatMessage('2', '100-2')
    await clock.advance(9_000)
    await chatMessage('9', '100-9')
    await chatMessage('10', '100-10')
    expect(shown()).toEqual(['0', '2', '9', '10'])
    await clock.advance(9_000)
    await disconnect()
    expect(lastSeen()).toBe('100-0')
    await clock.advance(10_000)
    await disconnect()
    expect(lastSeen()).toBe('100-10')
  })

  it('resumes after its first id if the first connection is lost after messages out of order', async () => {
    const { pair, away, chatMessage } = await joined('streams')
    await chatMessage('2', '100-2')
    await chatMessage('1', '100-1')
    await away()
    expect(clientsOf(pair.last.url)[0]?.lastSeen).toBe('100-1')
  })

  it('shows a gap where it has received nothing after which it could resume', async () => {
    const { api, away, chatMessage, clock, pair } = await joined('streams')
    await away()
    expect(api.chat.status.get().name).toBe('gap')
    await chatMessage('1', '100-1')
    await clock.advance(10_000)
    await away()
    expect(api.chat.status.get().name).toBe('live')
    expect(clientsOf(pair.last.url)[0]?.lastSeen).toBe('100-1')
  })

  it('resumes after the newest id when it is closed and connected again', async () => {
    const { pair, clock, api, chatMessage } = await joined('streams')
    await chatMessage('0', '100-0')
    api.close()
    api.client.connect()
    await clock.advance(0)
    expect(clientsOf(pair.last.url)[0]?.lastSeen).toBe('100-0')
  })

  it('ignores the replay of a whole stream of any length', async () => {
    const { chatMessage, away, shown } = await joined('streams')
    for (let seq = 0; seq < 2_500; seq++) await chatMessage(`${seq}`, `100-${seq}`)
    const before = shown()
    await away()
    for (let seq = 0; seq < 2_500; seq += 7) await chatMessage(`${seq}`, `100-${seq}`)
    expect(shown()).toEqual(before)
  })

  const stream = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 })
  test.prop([stream, fc.array(fc.nat(40)), fc.array(fc.nat(40), { maxLength: 4 })])(
    'shows every message once and in order, for any interleaving of live reads and replays',
    async (arrivals, repeats, disconnects) => {
      const { chatMessage, away, shown } = await joined('streams')
      const seen: number[] = []
      for (const [index, seq] of arrivals.entries()) {
        if (disconnects.includes(index) && index > 0) await away()
        await chatMessage(`${seq}`, `100-${seq}`)
        seen.push(seq)
        const again = arrivals[repeats[index] ?? index]
        if (again !== undefined && seen.includes(again))
          await chatMessage(`${again}`, `100-${again}`)
      }
      expect(shown()).toEqual(seen.sort((one, other) => one - other).map(String))
    },
  )

  it('keeps the newest list of users when an older one is replayed', async () => {
    const clock = new ManualClock()
    const pair = new MemoryPair({ clock })
    const api = createStreamClient({
      ...{ url: 'ws://test', transport: pair, clock, stream: 'stream:1' },
      clients: [presence({ strategy: 'streams' })],
    })
    void api.client.connect()
    await clock.advance(0)
    const list = (id: string, ...message: string[]) =>
      pair.last.send(JSON.stringify({ type: 'presence', stream: 'stream:1:presence', message, id }))
    list('100-10', 'nora', 'jon')
    list('100-9', 'nora')
    await clock.advance(0)
    expect(api.presence.users.get()).toEqual(['nora', 'jon'])
    list('100-11', 'jon')
    await clock.advance(0)
    expect(api.presence.users.get()).toEqual(['jon'])
  })

  it('loses messages while disconnected, and shows a gap, with the strategy pub-sub', async () => {
    const { chatMessage, away, shown, api } = await joined('pub-sub')
    await chatMessage('one')
    await chatMessage('one')
    await away()
    expect(api.chat.status.get().name).toBe('gap')
    await chatMessage('two')
    expect(shown()).toEqual(['one', 'one', 'two'])
  })

  it('is live again with the next list of users', async () => {
    const { deliver, away, api } = await joined('pub-sub')
    await deliver({ type: 'presence', stream: 'stream:1:presence', message: ['nora', 'jon'] })
    await away()
    expect(api.presence.status.get().name).toBe('gap')
    await deliver({ type: 'presence', stream: 'stream:1:presence', message: ['jon'] })
    expect(api.presence.status.get().name).toBe('live')
    expect(api.presence.users.get()).toEqual(['jon'])
  })

  it('delivers the messages of a plugin only to that plugin', async () => {
    const { deliver, api } = await joined('pub-sub')
    await deliver(
      { type: 'presence', stream: 'stream:1:chat', message: ['nora'] },
      { type: 'message', stream: 'stream:1:presence', username: 'nora', message: 'hello' },
      { type: 'notification', stream: 'stream:2:notifications', message: 'for others' },
      { type: 'notification', stream: 'stream:1:notifications', message: 'for me' },
    )
    expect(api.chat.messages.get()).toEqual([])
    expect(api.presence.users.get()).toEqual([])
    expect(api.notifications.messages.get()).toEqual([
      { message: 'for me', level: 'info', id: undefined },
    ])
  })

  it('reports a message of a stream without a name', async () => {
    const { deliver, api } = await joined('pub-sub')
    const errors: unknown[] = []
    api.client.on('error', (error) => errors.push(error))
    await deliver({ type: 'message', stream: '', username: 'nora', message: 'hello' })
    expect(errors).toMatchObject([{ code: 'bad-frame', detail: { reason: 'it has no stream' } }])
  })

  it('keeps the newest messages only', async () => {
    const clock = new ManualClock()
    const pair = new MemoryPair({ clock })
    const api = createStreamClient({
      ...{ url: 'ws://test', transport: pair, clock, stream: 'stream:1' },
      clients: [chat({ limit: 2, stream: 'lobby' })],
    })
    void api.client.connect()
    await clock.advance(0)
    for (const message of ['a', 'b', 'c']) {
      pair.last.send(JSON.stringify({ type: 'message', stream: 'lobby', username: 'n', message }))
    }
    await clock.advance(0)
    expect(api.chat.messages.get().map(({ message }) => message)).toEqual(['b', 'c'])
  })

  it('is a Svelte store of the newest message', async () => {
    const { deliver, api } = await joined('pub-sub')
    const seen: unknown[] = []
    const stop = api.subscribe((event) => seen.push(event?.type))
    await deliver({ type: 'reload', stream: 'stream:1:chat' })
    stop()
    await deliver({ type: 'reload', stream: 'stream:1:chat' })
    expect(seen).toEqual([undefined, 'reload'])
  })

  it('sends on reconnect the messages that were published while disconnected', async () => {
    const { clock, api, sent, away, pair } = await joined('pub-sub')
    pair.last.close(1006)
    await clock.advance(0)
    const message = outcomeOf(api.chat.send('hello'))
    const other = outcomeOf(api.send({ x: 1 }, 'move'))
    await clock.advance(0)
    expect(sent).toEqual([])
    await away()
    expect(sent).toEqual([
      { type: 'chat', stream: 'stream:1:chat', message: 'hello' },
      { type: 'move', stream: 'stream:1', message: { x: 1 } },
    ])
    expect([message, other]).toEqual([{ value: undefined }, { value: undefined }])
  })

  it.each(['No clients specified', 'User not authenticated'])(
    'fails if the server refuses it: %s',
    async (reason) => {
      const { pair, api, clock } = await joined('pub-sub')
      const failed: unknown[] = []
      api.client.on('failed', (error) => failed.push(error))
      pair.last.close(1008, reason)
      await clock.advance(60_000)
      expect(failed).toMatchObject([{ code: 'failed', detail: { reason, closeCode: 1008 } }])
      expect(pair.ends).toHaveLength(1)
      expect(clock.timers).toBe(0)
    },
  )

  it('accepts custom plugins, and rejects duplicate names', async () => {
    const clock = new ManualClock()
    const pair = new MemoryPair({ clock })
    const votes = streamPlugin('votes', { strategy: 'streams' }, (port) => {
      const seen: unknown[] = []
      port.follow(({ payload }) => seen.push(payload))
      return { seen, vote: (choice: string) => port.send('vote', choice) }
    })
    const make = (...clients: (typeof votes)[]) =>
      createStreamClient({ url: 'ws://test', transport: pair, clock, stream: 'poll:1', clients })
    const api = make(votes)
    void api.client.connect()
    await clock.advance(0)
    pair.last.send(JSON.stringify({ type: 'count', stream: 'poll:1:votes', id: '1-0' }))
    await clock.advance(0)
    expect(api.votes.seen).toHaveLength(1)
    expect(() => make(votes, votes)).toThrow('The name votes is already in use')
    api.close()
    expect(api.state.get().name).toBe('closed')
  })
})

describe('a stream client that is not in use', () => {
  function idle() {
    const clock = new ManualClock()
    const { transport: pair } = new ScriptedPeer({ clock })
    const counted = streamPlugin('counted', {}, (port) => ({ count: port.store(0) }))
    const api = createStreamClient({
      ...{ url: 'ws://test/websocket', transport: pair, clock, stream: 'stream:1' },
      clients: [chat(), presence(), notifications(), counted],
    })
    return { clock, pair, api }
  }

  it('opens no connection, even if a store has a listener briefly', async () => {
    const { clock, pair, api } = idle()
    api.chat.messages.subscribe(() => {})()
    await clock.advance(60_000)
    expect([pair.ends.length, api.state.get().name, clock.timers]).toEqual([0, 'idle', 0])
  })

  type Api = ReturnType<typeof idle>['api']
  it.each<[string, (api: Api) => unknown]>([
    ['the newest message', (api) => api.subscribe(() => {})],
    ['the messages', (api) => api.chat.messages.listen(() => {})],
    ['the users', (api) => api.presence.users.listen(() => {})],
    ['the notifications', (api) => api.notifications.messages.listen(() => {})],
    ['the status of a stream', (api) => api.notifications.status.listen(() => {})],
    ['a store of a custom plugin', (api) => api.counted.count.listen(() => {})],
  ])(
    'connects with the first listener of %s, and receives every message from then on',
    async (_, follow) => {
      const { clock, pair, api } = idle()
      follow(api)
      await clock.advance(0)
      const frame = { type: 'message', stream: 'stream:1:chat', username: 'n', message: 'hi' }
      pair.last.send(JSON.stringify(frame))
      await clock.advance(0)
      expect([pair.ends.length, api.chat.messages.get().length]).toEqual([1, 1])
      expect(api.chat.status.get().name).toBe('live')
    },
  )

  it('connects when the first message is sent', async () => {
    const { clock, pair, api } = idle()
    const sent = outcomeOf(api.chat.send('hello'))
    await clock.advance(0)
    expect([pair.ends.length, sent]).toEqual([1, { value: undefined }])
  })
})

describe('the address of a stream client', () => {
  const plugin = fc.record({
    name: fc.string(),
    stream: fc.string(),
    strategy: fc.constantFrom<StreamStrategy>('pub-sub', 'streams'),
    lastSeen: fc.stringMatching(/^\d{1,16}-\d{1,4}$/),
  })
  test.prop([fc.array(plugin), fc.webPath()])('contains the requested plugins', (clients, path) => {
    const dialect = streamsDialect({ clients: () => clients, parameter: 'features' })()
    const url = dialect.url(`ws://host${path}?keep=%26`, { token: 'a=b' })
    expect(clientsOf(url, 'features')).toEqual(clients)
    expect(new URL(url).searchParams.get('keep')).toBe('&')
    expect(new URL(url).searchParams.get('token')).toBe('a=b')
    expect(url).not.toContain('[object Object]')
  })

  it('has no plugins in parameters that are not JSON objects', () => {
    expect(
      clientsOf('ws://host?clients=chat&clients=%5B1%5D&clients=%7B%22name%22%3A%22a%22%7D'),
    ).toEqual([{ name: 'a' }])
    expect(clientsOf('ws://host')).toEqual([])
  })
})

describe('a stream name', () => {
  it('consists of pairs and a field', () => {
    expect(streamName.of('chat', ['stream', 123])).toBe('stream:123:chat')
    expect(streamName.parse('stream:123:thread:345:chat')).toEqual({
      path: [
        ['stream', '123'],
        ['thread', '345'],
      ],
      field: 'chat',
    })
    expect(streamName.parse('chat')).toEqual({ path: [], field: 'chat' })
    for (const odd of ['', 'stream:123', 'stream::chat', ':123:chat', 'stream:123:']) {
      expect(streamName.parse(odd)).toBeUndefined()
    }
  })

  const part = fc.stringMatching(/^[^:]+$/)
  test.prop([part, fc.array(fc.tuple(part, part))])(
    'is parsed into the parts it was built from',
    (field, path) => {
      expect(streamName.parse(streamName.of(field, ...path))).toEqual({ path, field })
    },
  )
})
