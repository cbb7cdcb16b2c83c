import { describe, expect, it, onTestFinished } from 'vitest'
import { sse } from 'wirefold/dialects/sse'
import { eventSourceTransport } from 'wirefold/transports'
import { connect, until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { FetchedSource } from '../../transports/fetched-source.ts'
import { following, hub, shared } from './following.ts'

describe('one stream for all channels', () => {
  it('brings the events of each channel, which a field of the data names', async () => {
    const server = await sseBackend()
    const { follow } = following(`${server.origin}/events`, shared)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.publish('room:1', 'said', { text: 1 })
    server.publish('room:2', 'left', { text: 2 })
    await until(() => expect(two.received).toEqual(['left 2']))
    expect(one.received).toEqual(['said 1'])
    expect(server.received).toHaveLength(1)
  })

  it('reads the channel, the type and the payload where the application finds them', async () => {
    const server = await sseBackend()
    const { follow, client } = following(`${server.origin}/events`, {
      ...shared,
      read: ({ type, data }) => {
        const [channel, name] = type.split('/')
        return name === undefined ? undefined : { channel, type: name, payload: Object(data).inner }
      },
    })
    const notices: unknown[] = []
    client.on('notice', ({ reason }) => notices.push(reason))
    const one = follow('news')
    await one.handle.ready
    server.write('data: {}\n\nevent: news/told\ndata: {"inner":{"text":1}}\n\n')
    await until(() => expect(one.received).toEqual(['told 1']))
    expect(notices).toEqual(['it is skipped'])
  })

  it('continues once a killed server is back: nothing is lost, repeated or a gap', async () => {
    const server = await sseBackend()
    const { client, follow } = following(`${server.origin}/events`, shared)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    await server.kill()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    server.publish('room:1', 'said', { text: 2 })
    server.publish('room:2', 'said', { text: 3 })
    await server.restart()
    await until(() => expect(one.received).toEqual(['said 1', 'said 2']))
    await until(() => expect(two.received).toEqual(['said 3']))
    await until(() =>
      expect([one, two].map(({ statuses }) => statuses.at(-1))).toEqual(['live', 'live']),
    )
    expect([...one.statuses, ...two.statuses]).not.toContain('gap')
    expect(server.requestsOf('/events').at(-1)?.headers['last-event-id']).toBe('1')
  })

  it.each([
    ['the server is not said to replay', {}, { replays: false }],
    ['there is no id', { withoutIds: true }, {}],
  ])('is a gap of every channel after a loss where %s', async (_, faults, options) => {
    const server = await sseBackend(faults)
    const { follow } = following(`${server.origin}/events`, { ...shared, ...options })
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    server.drop('room:1')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
    await until(() => expect(two.statuses.at(-1)).toBe('gap'))
  })

  it('is a gap after a loss where the id cannot be sent', async () => {
    const server = await sseBackend()
    const { follow } = following(`${server.origin}/events`, shared)
    const one = follow('room:1')
    await one.handle.ready
    server.write('id: \u0001\ndata: {"channel":"room:1","text":1}\n\n')
    await until(() => expect(one.received).toEqual(['message 1']))
    server.drop('room:1')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
  })

  it('is a gap of every channel where the server says that it does not know the id', async () => {
    const server = await sseBackend()
    const { follow } = following(`${server.origin}/events`, {
      ...shared,
      read: ({ type }) => ({ gap: type === 'reset' }),
    })
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.write('event: reset\ndata: {}\n\n')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
    await until(() => expect(two.statuses.at(-1)).toBe('gap'))
    one.handle.caughtUp()
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    expect(one.statuses.at(-1)).toBe('live')
    expect(server.received).toHaveLength(1)
  })

  it.each([204, 403, 404])('fails for good with %i', async (status) => {
    const server = await sseBackend({}, (_, response) => {
      response.writeHead(status).end()
      return true
    })
    const { client } = following(`${server.origin}/events`, shared)
    await expect(client.connect()).rejects.toMatchObject({ code: 'failed' })
    expect(server.received).toHaveLength(1)
  })

  it('is tried again after 503', async () => {
    let answers = 2
    const server = await sseBackend({}, (_, response) => {
      if (answers-- > 0) response.writeHead(503).end()
      return answers >= 0
    })
    const { client } = following(`${server.origin}/events`, shared)
    await client.connect()
    expect(server.received).toHaveLength(3)
  })

  it('works over the EventSource of a browser, with a gap after each loss', async () => {
    const server = await sseBackend({}, ({ headers }) => {
      // An EventSource sends no headers.
      headers.authorization ??= 'Bearer t-cookie'
      return false
    })
    const { client } = connect(`${server.origin}/events`, {
      dialect: sse(shared),
      transport: eventSourceTransport({
        EventSource: FetchedSource,
        events: ['said'],
        messages: 'http',
      }),
    })
    const { ChannelSubscriber } = await import('wirefold')
    const received: unknown[] = []
    const one = new ChannelSubscriber(client).subscribe('room:1', (payload) =>
      received.push(payload),
    )
    await one.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(received).toEqual([{ channel: 'room:1', text: 1 }]))
    expect(await client.request('echo', { n: 1 })).toMatchObject({ payload: { n: 1 } })
    server.drop('room:1')
    await until(() => expect(one.status.get().name).toBe('gap'))
  })

  it('reports messages of a transport that does not exchange HTTP messages', async () => {
    const server = await sseBackend()
    const { sseTransport } = await import('wirefold/transports')
    const { client, errors } = connect(`${server.origin}/events`, {
      dialect: sse(),
      transport: sseTransport(),
      auth: () => 't-ana',
    })
    onTestFinished(() => client.close())
    await client.connect()
    server.publish('room:1', 'said', { text: 1 })
    await until(() =>
      expect(errors).toMatchObject([
        { code: 'bad-frame', message: expect.stringContaining("messages: 'http'") },
      ]),
    )
  })
})

describe('one stream whose address names the channels', () => {
  const topicsOf = (url: string) => new URL(url, 'http://x').searchParams.getAll('topic')

  it('is requested anew for each further channel, and continues after the last id', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, hub)
    const one = follow('room:1')
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    const two = follow('room:2')
    await two.handle.ready
    server.publish('room:1', 'said', { text: 2 })
    server.publish('room:2', 'said', { text: 3 })
    await until(() => expect(two.received).toEqual(['said 3']))
    await until(() => expect(one.received).toEqual(['said 1', 'said 2']))
    expect(one.statuses).not.toContain('gap')
    expect(server.requestsOf('/hub').map(({ url }) => topicsOf(url))).toEqual([
      ['room:1'],
      ['room:1', 'room:2'],
    ])
    await until(() => expect(server.streams()).toBe(1))
    one.handle()
    two.handle()
    await until(() => expect(server.streams()).toBe(0))
  })

  it('is a gap of the channels before where there is no id to continue after', async () => {
    const server = await sseBackend({ withoutIds: true })
    const { follow } = following(server.origin, hub)
    const one = follow('room:1')
    await one.handle.ready
    const two = follow('room:2')
    await two.handle.ready
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
    expect(two.statuses.at(-1)).toBe('live')
    expect(server.requestsOf('/hub')).toHaveLength(2)
  })

  it('is a gap of every channel after a loss without an id', async () => {
    const server = await sseBackend({ withoutIds: true })
    const { follow } = following(server.origin, hub)
    const all = [follow('room:1'), follow('room:2'), follow('room:3')]
    await Promise.all(all.map(({ handle }) => handle.ready))
    server.drop('room:1')
    for (const { statuses } of all) await until(() => expect(statuses.at(-1)).toBe('gap'))
    for (const { handle } of all) handle.caughtUp()
    server.publish('room:3', 'said', { text: 1 })
    await until(() => expect(all[2]?.received).toEqual(['said 1']))
    expect(all.map(({ statuses }) => statuses.at(-1))).toEqual(['live', 'live', 'live'])
  })

  it('continues for all channels after a loss', async () => {
    const server = await sseBackend()
    const { follow, client } = following(server.origin, hub)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    server.drop('room:1')
    server.publish('room:2', 'said', { text: 2 })
    server.publish('room:1', 'said', { text: 3 })
    await until(() => expect(two.received).toEqual(['said 2']))
    await until(() => expect(one.received).toEqual(['said 1', 'said 3']))
    await server.kill()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    server.publish('room:2', 'said', { text: 4 })
    await server.restart()
    await until(() => expect(two.received).toEqual(['said 2', 'said 4']))
    await until(() =>
      expect([one, two].map(({ statuses }) => statuses.at(-1))).toEqual(['live', 'live']),
    )
    expect([...one.statuses, ...two.statuses]).not.toContain('gap')
  })

  it('loses only the channel for which it is refused', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, hub)
    const one = follow('room:1')
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    const other = follow('secret')
    await expect(other.handle.ready).rejects.toMatchObject({ code: 'forbidden' })
    server.publish('room:1', 'said', { text: 2 })
    await until(() => expect(one.received).toEqual(['said 1', 'said 2']))
    await until(() => expect(one.statuses.at(-1)).toBe('live'))
    expect(one.statuses).not.toContain('gap')
  })
})
