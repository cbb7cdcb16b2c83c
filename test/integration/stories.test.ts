import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ChannelSubscriber,
  ContextRegistry,
  channelEvents,
  feed,
  isWirefoldError,
  RealtimeClient,
} from 'wirefold'
import type { DUUIContext, DUUIEnvelope } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import { duuiMount, refuse } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { outcomeOf } from '../support/scripted.ts'

interface Task {
  readonly kind: 'Task'
  readonly id: string
  readonly title: string
}

describe('two clients of one server', () => {
  it("receive each other's changes, folded into their own stores", async () => {
    const { server, url } = await serve()
    server.handle('task:create', async (payload, { publish }) => {
      const { title } = payload as { title: string }
      const task: Task = { kind: 'Task', id: '1', title }
      await publish('entity:Task', 'entity:created', task)
      return task
    })
    const people = [connect(url), connect(url)].map(({ client, errors }) => {
      const channels = new ChannelSubscriber(client)
      const contexts = new ContextRegistry<Task>().keyed('Task', (task) => task.id)
      const subscription = feed(channels, 'entity:Task', contexts)
      return { client, errors, channels, contexts, subscription }
    })
    await Promise.all(people.map(({ subscription }) => subscription.ready))
    const [ann, bob] = people
    expect(await ann?.client.request('task:create', { title: 'Write' })).toMatchObject({ id: '1' })
    await until(() =>
      expect(bob?.contexts.entity('Task', '1').get()).toMatchObject({ title: 'Write' }),
    )
    const id = bob?.client.publish('entity:Task', 'entity:updated', {
      kind: 'Task',
      id: '1',
      title: 'Read',
    })
    expect(await id).toMatch(/^[\w-]{16}:[\w-]{22}:1$/)
    await until(() =>
      expect(ann?.contexts.entity('Task', '1').get()).toMatchObject({ title: 'Read' }),
    )
    expect(people.flatMap(({ errors }) => errors)).toEqual([])
  })

  it('receive the error code of a refusal', async () => {
    const { server, url } = await serve({
      authorize: (_, channel) => !channel.startsWith('secret'),
    })
    server.handle('task:create', () => {
      throw refuse('title-missing', 'A task needs a title.')
    })
    server.handle('broken', () => {
      throw new Error('SELECT * FROM secrets')
    })
    const { client } = connect(url)
    const channels = new ChannelSubscriber(client)
    await expect(channels.subscribe('secret:1', () => {}).ready).rejects.toMatchObject({
      code: 'forbidden',
    })
    const error = await client.request('task:create').catch((reason) => reason)
    expect(isWirefoldError(error, 'title-missing') && error.detail.message).toBe(
      'A task needs a title.',
    )
    const broken = await client.request('broken').catch((reason: Error) => reason)
    expect(JSON.stringify(broken)).not.toContain('secrets')
    await expect(client.request('unknown')).rejects.toMatchObject({ code: 'unknown-type' })
  })
})

describe('a server that restarts', () => {
  it('receives the subscriptions of its clients again, over one connection each', async () => {
    const first = await serve()
    const { client } = connect(first.url)
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    const subscription = channels.subscribe('news', (payload) => received.push(payload))
    channels.subscribe('sport', () => {})
    await subscription.ready
    const opened: unknown[] = []
    client.on('opened', (welcome) => opened.push(welcome))

    await first.server.close({ code: 1012, reason: '{"windowMs":50}' })
    await until(() => expect(client.state.get().name).not.toBe('open'))
    const held = outcomeOf(client.request('echo', 'held'))
    const second = await serve({}, first.port)
    second.server.handle('echo', (payload) => payload)
    // The second server has a new epoch, since it has no history of the first.
    await until(() =>
      expect(subscription.status.get()).toMatchObject({ name: 'gap', reason: 'epoch-changed' }),
    )
    await until(() => expect(held).toEqual({ value: 'held' }))
    await second.server.publish('news', 'note', 'again')
    await until(() => expect(received).toEqual(['again']))
    expect(second.server.stats()).toMatchObject({ connections: 1, channels: 2, subscriptions: 2 })
    expect(opened).toHaveLength(1)
  })

  it('receives every unsubscribe, and no connection after close()', async () => {
    const { server, url } = await serve()
    const { client } = connect(url)
    const channels = new ChannelSubscriber(client, { lingerMs: 0 })
    const off = channels.subscribe('news', () => {})
    await off.ready
    off()
    await until(() => expect(server.stats().subscriptions).toBe(0))
    client.close()
    await until(() => expect(server.stats().connections).toBe(0))
  })
})

describe('a thousand requests at once', () => {
  it('are each answered', async () => {
    const { server, url } = await serve({ limits: { messagesPerSecond: 1_000 } })
    server.handle('double', (n) => Number(n) * 2)
    const { client } = connect(url)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.request<number>('double', n)),
    )
    expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => n * 2))
    const more = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => client.request<number>('double', n)),
    )
    expect(more[999]).toBe(1_998)
  })
})

describe('an iterated channel', () => {
  it('yields every event in the order of the server', async () => {
    const { server, url } = await serve()
    const { client } = connect(url)
    const channels = new ChannelSubscriber(client)
    await channels.subscribe('count', () => {}).ready
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const { payload, offset } of channelEvents(channels, 'count')) {
        seen.push([payload, offset])
        if (seen.length === 200) break
      }
    })()
    for (let n = 1; n <= 200; n++) await server.publish('count', 'number', n)
    await loop
    expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => [n + 1, n + 1]))
  })
})

describe('a process of a DUUI gateway', () => {
  it('is read over the DUUI dialect, beginning with the stored record', async () => {
    const { server, url } = await serve()
    const gateway = duuiMount({ snapshot: true })
    server.mount('/ws/processes/:id/events', gateway)
    const run = readFileSync('examples/recordings/duui-run.jsonl', 'utf8').trim().split('\n')
    const envelopes = run.map((line): DUUIEnvelope => JSON.parse(line))
    const processId = envelopes[0]?.event.process_id ?? ''
    const half = envelopes.length / 2
    for (const envelope of envelopes.slice(0, half)) await gateway.publish(envelope)

    const { client, errors } = connect(url.replace('/ws', `/ws/processes/${processId}/events`), {
      dialect: duui,
    })
    const contexts = new ContextRegistry<DUUIContext>()
      .keyed('DocumentContext', (context) => context.path, { order: 'timestamp' })
      .single('ComposerContext', { order: 'timestamp' })
      .union('DocumentProcessContext', ({ document, composer }) => [document, composer])
      .union('DocumentComponentProcessContext', ({ document }) => [document])
    const channels = new ChannelSubscriber(client)
    let seen = 0
    const following = feed(channels, `process:${processId}`, contexts)
    channels.subscribe(`process:${processId}`, () => seen++)
    await following.ready
    for (const envelope of envelopes.slice(half)) await gateway.publish(envelope)
    await until(() => expect(seen).toBe(envelopes.length))

    expect(contexts.slot('DocumentContext').size).toBe(18)
    expect(contexts.entity('ComposerContext').get()).toMatchObject({ status: 'Shutdown' })
    expect(errors).toEqual([])
    await expect(client.request('anything')).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('two clients in one page', () => {
  it("use different dialects on one server without receiving each other's events", async () => {
    const { server, url } = await serve()
    const gateway = duuiMount()
    server.mount('/ws/processes/:id/events', gateway)
    const received: string[] = []
    const native = connect(url)
    const stream = connect(url.replace('/ws', '/ws/processes/p1/events'), { dialect: duui })
    const subscriptions = [native, stream].map(({ client }, n) =>
      new ChannelSubscriber(client).subscribe('process:p1', (_, { type }) =>
        received.push(`${n} ${type}`),
      ),
    )
    await Promise.all(subscriptions.map(({ ready }) => ready))
    await until(() => expect(server.stats().connections).toBe(2))
    await server.publish('process:p1', 'note', 'native only')
    await gateway.publish({
      timestamp: 1,
      event: {
        ...{ _id: 'p1_1', process_id: 'p1', sender: null, message: '', level: 'INFO' },
        context: {
          ...{ kind: 'DriverContext', event_id: 'p1_1', status: 'Idle', thread: 'main' },
          driver: 'docker',
        },
      },
    })
    await until(() => expect(received.filter((line) => line === '1 event')).toHaveLength(1))
    expect([...native.errors, ...stream.errors]).toEqual([])
    await expect(stream.client.request('x')).rejects.toMatchObject({ code: 'unsupported' })
    await expect(native.client.request('x')).rejects.toMatchObject({ code: 'unknown-type' })
  })
})

describe('a client in Node', () => {
  it('lets the process end after close()', async () => {
    const { url } = await serve()
    const before = process.getActiveResourcesInfo().length
    const { client } = connect(url)
    await client.connect()
    client.close()
    await until(() =>
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 1),
    )
  })

  it('rejects with instructions if there is no WebSocket', async () => {
    if ('WebSocket' in globalThis) return
    const client = new RealtimeClient('ws://127.0.0.1:1')
    client.on('error', () => {})
    await expect(client.connect()).rejects.toThrow(/new RealtimeClient\(url, \{ WebSocket \}\)/)
  })
})
