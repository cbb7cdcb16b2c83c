import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { BoundList, Manager, OptimisticManager } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { duui, duuiContexts, processChannel } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { chat, createStreamClient, presence, streamPlugin } from 'wirefold/dialects/streams'
import { topic, topics, withConfirmations, withErrors } from 'wirefold/dialects/topics'
import type { DuuiMount, RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'
import { harnesses } from '../dialects/harnesses.ts'
import { dialled } from '../support/dialled.ts'
import { connect, until } from '../support/live.ts'
import { backend } from './backend.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/dialects.md'
const DUUI = 'docs/backends/duui.md'
const ENTITY = 'docs/backends/entity.md'
const STREAMS = 'docs/backends/streams.md'
const TOPICS = 'docs/backends/topics.md'
const page = readFileSync(PAGE, 'utf8')

describe('the page about dialects', () => {
  it('lists the capabilities of the dialects', () => {
    const columns = ['acks', 'recovery', 'presence', 'dedupes'] as const
    const rows = [...page.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(
      ([, name = '', cells = '']) => ({
        name,
        listed: columns.map((_, index) => !cells.split('|')[index]?.includes('–')),
      }),
    )
    const known = rows.filter(({ name }) => name in harnesses)
    // A declaration of `json` decides; a stream for each channel of `sse` resumes.
    expect(rows.filter(({ name }) => !(name in harnesses)).map(({ name }) => name)).toContain(
      'json',
    )
    for (const { name, listed } of known) {
      const variant = name === 'sse' ? 'sse, a stream for each channel' : name
      const { capabilities } = harnesses[variant]?.dialect() ?? {}
      expect(listed, name).toEqual(columns.map((column) => capabilities?.[column]))
    }
    const names = new Set(known.map(({ name }) => name))
    const missing = Object.keys(harnesses).filter((name) => !names.has(name.replace(/[ ,].*/, '')))
    expect(missing).toEqual([])
  })
})

/** The declarations of all entries. */
const api = readdirSync('api')
  .map((file) => readFileSync(`api/${file}`, 'utf8'))
  .join('\n')

/** Names in the tables of the pages that are not of this package. */
const FOREIGN = new Set(['Infinity', 'Task', 'io'])

describe('the pages of backends', () => {
  it.each([DUUI, TOPICS, ENTITY, STREAMS, 'docs/backends/sessions.md'])(
    'translate to names that exist: %s',
    (document) => {
      const [, table = ''] = readFileSync(document, 'utf8').split('## Your name, and ours')
      const [rows = ''] = table.split('\n## ')
      const ours = [...rows.matchAll(/^\| .* \| (.*) \|$/gm)].map(([, cell = '']) => cell)
      const code = ours.flatMap((cell) => cell.match(/`[^`]+`/g) ?? []).join('\n')
      const names = code.match(/\b(?:[A-Z]\w+|\w+(?=\())/g) ?? []
      expect(names.length).toBeGreaterThan(7)
      const known = (name: string) => FOREIGN.has(name) || new RegExp(`\\b${name}\\b`).test(api)
      expect(names.filter((name) => !known(name))).toEqual([])
    },
  )

  it('connect to an entity backend', async () => {
    const { host, paths, received, broadcast } = await backend((message) =>
      message
        ? [{ type: 'subscribed', channel: message.channel, requestId: message.requestId }]
        : [{ type: 'connected', payload: { connectionId: 'c', userId: 'ada' } }],
    )
    const show = vi.fn()
    const given = { session: { token: () => 'secret' }, show }
    await run(blockWith(ENTITY, 'dialect: entity'), { host, given })
    await until(() =>
      expect(received).toMatchObject([{ type: 'subscribe', channel: 'entity:Task' }]),
    )
    expect(paths).toEqual(['/ws?token=secret'])
    const task = { id: '1', title: 'Write' }
    broadcast({ type: 'entity:created', channel: 'entity:Task', payload: task })
    await until(() => expect(show).toHaveBeenCalledWith('entity:created', task))
  })

  it('show a list, members and changes over an entity backend and its REST API', async () => {
    const rows = [{ id: '1', title: 'Write' }]
    const { host, broadcast } = await backend((message) =>
      message
        ? [{ type: 'subscribed', channel: message.channel, requestId: message.requestId }]
        : [{ type: 'connected', payload: { connectionId: 'c', userId: 'ada' } }],
    )
    const bodies: Record<string, unknown>[] = []
    const respond = vi.fn(async (_: string, { method, body }: RequestInit) => {
      if (method === 'GET') return Response.json(rows)
      bodies.push(JSON.parse(String(body)))
      return new Response(null, { status: 409 })
    })
    vi.stubGlobal('fetch', respond)
    onTestFinished(() => void vi.unstubAllGlobals())
    const { client } = connect(`ws://${host}/ws`, { dialect: entity })
    const render = vi.fn()
    const { optimistic, tasks } = await run<{
      optimistic: OptimisticManager
      tasks: BoundList<{ id: string; title: string }>
    }>(blockWith(ENTITY, 'presence.enter('), {
      given: { client, channels: new ChannelSubscriber(client), render },
    })
    await until(() => expect(render).toHaveBeenLastCalledWith('tasks', rows))
    const created = optimistic.create('Task', { title: 'Read' }, tasks)
    const pending = expect.objectContaining({ title: 'Read', _optimistic: true })
    expect(render).toHaveBeenLastCalledWith('tasks', [...rows, pending])
    await expect(created).rejects.toThrow('POST : 409')
    expect(bodies).toEqual([{ title: 'Read', clientId: expect.any(String) }])
    expect(render).toHaveBeenLastCalledWith('tasks', rows)
    broadcast({
      type: 'entity:created',
      channel: 'entity:Task',
      payload: { id: '2', title: 'Run' },
    })
    await until(() =>
      expect(render).toHaveBeenLastCalledWith('tasks', [...rows, { id: '2', title: 'Run' }]),
    )
    const joined = { userId: 'ada', userName: 'Ada', resource: 'workspace/tasks' }
    broadcast({
      type: 'presence:sync',
      channel: 'presence:workspace/tasks',
      payload: { users: [joined] },
    })
    const ada = expect.objectContaining({ id: 'ada', name: 'Ada' })
    await until(() => expect(render).toHaveBeenCalledWith('users', [ada]))
  })

  it('serve clients of an entity backend', async () => {
    const { server } = await run<{ server: RealtimeServer }>(blockWith(ENTITY, 'entityMount'), {
      given: { verify: async (token: string) => ({ id: token }) },
    })
    onTestFinished(() => server.close())
    const { port } = await server.listen()
    const { client } = connect(`ws://127.0.0.1:${port}/api/realtime`, {
      dialect: entity,
      auth: () => 'ines',
    })
    await client.connect()
    expect(client.userId).toBe('ines')
  })

  it('serve clients of a topics backend', async () => {
    const agents = {
      find: async (name: string) => (name === 'agent:1' ? { id: 1, status: 'idle' } : undefined),
    }
    const { server } = await run<{ server: RealtimeServer }>(blockWith(TOPICS, 'topicsMount'), {
      given: { verify: async () => ({ id: 'ada' }), agents },
    })
    onTestFinished(() => server.close())
    const { port } = await server.listen()
    const dialect = withErrors(withConfirmations(topics))
    const { client } = connect(`ws://127.0.0.1:${port}/api/ws/v2`, { dialect })
    const channels = new ChannelSubscriber(client)
    const seen = vi.fn()
    const agent = channels.subscribe(topic.agent(1), (payload) => seen(payload))
    const missing = channels.subscribe(topic.agent(7), () => {}, { onError: () => {} })
    await agent.ready
    await expect(missing.ready).rejects.toMatchObject({ code: 'not-found' })
    await until(() => expect(seen).toHaveBeenCalledWith({ id: 1, status: 'idle' }))
  })

  it('serve clients of plugins and streams', async () => {
    const { server } = await run<{ server: RealtimeServer }>(blockWith(STREAMS, 'streamsMount'), {
      given: { userOf: async () => ({ id: 'ada' }) },
    })
    onTestFinished(() => server.close())
    const { port } = await server.listen()
    const votes = streamPlugin('votes', {}, ({ follow, send, store }) => {
      const newest = store<unknown>(undefined)
      follow(({ payload }) => newest.set(payload))
      return { newest, vote: (choice: string) => send('vote', choice) }
    })
    const api = createStreamClient({
      ...{ url: `ws://127.0.0.1:${port}/websocket`, WebSocket, stream: 'room:1' },
      clients: [chat(), presence(), votes],
    })
    onTestFinished(() => api.close())
    api.votes.newest.subscribe(() => {})
    await until(() => expect(api.presence.users.get()).toEqual(['ada']))
    await api.votes.vote('tea')
    await until(() => expect(api.votes.newest.get()).toMatchObject({ by: 'ada', vote: 'tea' }))
    await until(() => expect(api.chat.messages.get()).toMatchObject([{ message: 'ada joined' }]))
  })

  it('connect to a topics backend', async () => {
    const { host, paths, received, broadcast } = await backend((message) =>
      message ? [{ v: 1, type: 'subscribe_ack', req_id: message.req_id }] : [],
    )
    const append = vi.fn()
    await run(blockWith(TOPICS, 'withVersionedEnvelope'), { host, given: { append } })
    await until(() => {
      expect(received).toMatchObject([{ v: 1, type: 'subscribe', data: { topics: ['thread:45'] } }])
    })
    expect(paths).toEqual(['/api/ws/v2'])
    broadcast({ type: 'stream_chunk', thread_id: 45, content: 'Hello' })
    await until(() => expect(append).toHaveBeenCalledWith('Hello'))
  })

  it('manage the channels of a view', async () => {
    const { channels } = dialled(topics)
    const { thread } = await run<{ thread: Manager }>(blockWith(TOPICS, 'defineManager'), {
      given: { channels, show: () => {} },
    })
    // The block has started and ended it.
    expect(channels.follows('thread:45')).toBe(false)
    thread.initialize(channels)
    expect(channels.follows('thread:45')).toBe(true)
  })

  it('fetch again on events', async () => {
    const { channels } = dialled(topics)
    const refetchAgents = vi.fn()
    await run(blockWith(TOPICS, 'refetchOn'), { given: { channels, refetchAgents } })
    await until(() => expect(channels.follows('agent:*')).toBe(true))
  })

  it('connect to a DUUI gateway', async () => {
    const { host, paths, broadcast } = await backend(() => [])
    const render = vi.fn()
    await run(blockWith(DUUI, 'duuiDialect'), { host, given: { render } })
    await until(() => expect(paths).toEqual(['/ws/processes/42/events']))
    broadcast({ type: 'process_state', process: { _id: '42', status: 'Active', progress: 1 } })
    const pipeline = expect.objectContaining({ kind: 'ComposerContext', progress: 1 })
    await until(() => expect(render).toHaveBeenCalledWith(pipeline))
  })

  it('serve a DUUI gateway, and its timeline', async () => {
    const { server, gateway } = await run<{ server: RealtimeServer; gateway: DuuiMount }>(
      blockWith(DUUI, 'duuiMount()'),
      { given: { verify: async () => ({ id: 'ada' }) } },
    )
    expect(await gateway.timeline('42')).toMatchObject([{ event: { message: 'Reading' } }])
    const { port } = await server.listen()
    const { client } = connect(`ws://127.0.0.1:${port}/ws/processes/42/events`, { dialect: duui })
    const processes = duuiContexts(new ContextRegistry<DUUIContext>())
    const channel = feed(new ChannelSubscriber(client), processChannel('42'), processes.scope('42'))
    await channel.ready
    const [envelope] = await gateway.timeline('42')
    if (!envelope) throw new Error('The timeline is empty.')
    await gateway.publish(envelope)
    const reader = processes.scope('42').entity('ReaderContext')
    await until(() => expect(reader.get()).toMatchObject({ read: 4, remaining: 14 }))
  })

  it('chat over streams', async () => {
    const { host, received, broadcast } = await backend(() => [])
    const render = vi.fn()
    await run(blockWith(STREAMS, 'createStreamClient'), { host, given: { render } })
    await until(() => {
      expect(received).toEqual([{ type: 'chat', stream: 'stream:123:chat', message: 'hello' }])
    })
    const message = { username: 'nora', message: 'hello', id: '1-0' }
    broadcast({ type: 'message', stream: 'stream:123:chat', ...message })
    await until(() => expect(render).toHaveBeenCalledWith([{ type: 'message', ...message }], []))
  })
})
