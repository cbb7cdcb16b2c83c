import { describe, expect, it } from 'vitest'
import type { OpenSession, RealtimeServer, ServerDialect, SessionPart } from 'wirefold/server'
import { dialectMount, nativeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import type { WebSocket } from 'ws'
import { deferred, RawClient, serve } from '../raw-client.ts'

/** A dialect of lines: `+channel` subscribes, `-` is a sign of life, any other line is a request. */
function lines(part: Partial<ServerDialect> = {}): ServerDialect {
  return {
    name: 'lines',
    recovery: false,
    dedupes: false,
    codec: { decode: String },
    decode(line) {
      const text = String(line)
      if (text === '-') return [{ kind: 'pong' }]
      const requestId = undefined
      return text.startsWith('+')
        ? [{ kind: 'subscribe', requestId, channels: [text.slice(1)], since: new Map() }]
        : [
            {
              kind: 'request',
              requestId,
              ordered: true,
              type: text,
              channel: undefined,
              payload: 0,
            },
          ]
    },
    encode(frame) {
      if (frame.kind === 'opened') return 'opened'
      if (frame.kind === 'welcome') return ['welcome', `to ${frame.userId}`]
      if (frame.kind === 'subscribed') return [...frame.channels, 'done']
      if (frame.kind === 'farewell') return `farewell ${frame.code}`
      return frame.kind === 'reply' ? `reply ${frame.payload}` : undefined
    },
    encodeEvent: ({ channel, json }) => `${channel}: ${json}`,
    ...part,
  }
}

async function backend(...mount: Parameters<typeof dialectMount>) {
  const served = await serve({
    authenticate: ({ token = 'x' }) => (token === 'bad' ? undefined : { id: token }),
  })
  served.server.mount('/lines', dialectMount(...mount))
  const open = (query = '') => RawClient.open(`ws://127.0.0.1:${served.port}/lines${query}`)
  return { ...served, open }
}

async function texts(client: RawClient, count: number): Promise<readonly string[]> {
  const found = []
  while (found.length < count) found.push(await client.text())
  return found
}

const token = ({ query }: { readonly query: URLSearchParams }) => query.get('token') ?? undefined

describe('a dialect mount', () => {
  it('sends each text of a frame as a message, that of the opening before the hello', async () => {
    const { server, open } = await backend(lines(), { token })
    const client = await open('?token=ada')
    expect(await texts(client, 3)).toEqual(['opened', 'welcome', 'to ada'])
    client.send('+news')
    expect(await texts(client, 2)).toEqual(['news', 'done'])
    server.disconnectUser('ada', { code: 4403 })
    expect(await client.text()).toBe('farewell 4403')
    expect((await client.closed).code).toBe(4403)
  })

  it('makes the dialect of each connection, and carries out its first commands first', async () => {
    const { open } = await backend(
      ({ query }) =>
        lines({
          first: [
            {
              ...{ kind: 'subscribe', requestId: undefined, since: new Map() },
              channels: query.getAll('topic'),
            },
          ],
        }),
      { token },
    )
    const clients = [await open('?topic=a&topic=b'), await open('?topic=c')]
    for (const client of clients) client.send('+later')
    const [first, second] = clients
    if (!first || !second) throw new Error('A client is missing.')
    expect(await texts(first, 8)).toEqual([
      'opened',
      'welcome',
      'to x',
      'a',
      'b',
      'done',
      'later',
      'done',
    ])
    expect(await texts(second, 5)).toEqual(['opened', 'welcome', 'to x', 'c', 'done'])
  })

  it('encodes an event once for all connections of one encoder', async () => {
    let count = 0
    const encoder = { encodeEvent: () => `event ${++count}` }
    const { server, open } = await backend(() => lines({ events: () => encoder }), { token })
    const clients = [await open(), await open(), await open()]
    for (const client of clients) {
      await texts(client, 3)
      client.send('+news')
      await texts(client, 2)
    }
    await server.publish('news', 'headline')
    for (const client of clients) expect(await client.text()).toBe('event 1')
  })

  it('closes a refused connection in the words of the dialect', async () => {
    const closing = () => ({ code: 1008, reason: 'Who are you?' })
    const { open } = await backend(lines({ closing }), { token })
    const client = await open('?token=bad')
    expect(await client.closed).toEqual({ code: 1008, reason: 'Who are you?' })
  })

  it('sends the state of a channel, with the id of the subscribe, in any dialect', async () => {
    const { open } = await backend(
      {
        ...nativeServer,
        encodeEvent: ({ json, to }) => JSON.stringify({ type: 'state', json, to }),
      },
      {
        token,
        snapshot: (channel, { user }) => {
          return channel === 'none' ? undefined : { type: 'state', payload: [channel, user?.id] }
        },
      },
    )
    const client = await open('?token=ada')
    await client.next('welcome')
    await client.subscribe('news')
    expect(await client.next()).toEqual({ type: 'state', json: '["news","ada"]', to: 'r1' })
    await client.subscribe('none')
    expect(await client.settled()).toEqual([])
  })

  it('refuses a channel whose state takes longer than 5 s, and continues with the next one', async () => {
    const clock = new ManualClock()
    const { server, port, errors } = await serve({ clock })
    const snapshot = (channel: string) => {
      return channel === 'slow' ? new Promise<undefined>(() => {}) : undefined
    }
    server.mount('/state', dialectMount(nativeServer, { token, snapshot }))
    const client = await RawClient.open(`ws://127.0.0.1:${port}/state`)
    await client.next('welcome')
    for (const channels of [['slow', 'a'], ['b']]) {
      client.send({ type: 'subscribe', requestId: channels.join(), payload: { channels } })
    }
    await expect.poll(() => server.channels.members('slow')).toHaveLength(1)
    await clock.advance(4_999)
    expect(await client.settled()).toEqual([])
    await clock.advance(1)
    const refused = { slow: 'internal' }
    expect(await client.take(2)).toMatchObject([
      { requestId: 'slow,a', payload: { refused } },
      { requestId: 'b' },
    ])
    expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'snapshot' } }])
    expect(server.channels.members('slow')).toEqual([])
    // The last one still waits while the server closes, which reports nothing.
    client.send({ type: 'subscribe', requestId: 'c', payload: { channels: ['slow'] } })
    await expect.poll(() => server.channels.members('slow')).toHaveLength(1)
    await server.close()
    expect([errors.length, clock.timers]).toEqual([1, 0])
  })

  it.each([
    [
      'all that a client sent before it closed',
      ['a', 'b', 'c', 'd'],
      (ws: WebSocket) => ws.close(1000),
    ],
    ['the first one only if the connection was lost', ['a'], (ws: WebSocket) => ws.terminate()],
    [
      'the first one only if the server ended the connection',
      ['a'],
      (_ws: WebSocket, server: RealtimeServer) => server.disconnectUser('x'),
    ],
  ])('carries out, of requests without an id, %s', async (_how, expected, close) => {
    const { server, open } = await backend(lines(), { token })
    const started: unknown[] = []
    const gate = deferred<undefined>()
    for (const type of ['a', 'b', 'c', 'd']) {
      server.handle(type, async (_, { signal }) => {
        if (type !== 'a' && signal.aborted) return
        started.push(type)
        await gate.promise
      })
    }
    const client = await open()
    await texts(client, 3)
    for (const text of ['a', 'b', 'c', 'd']) client.send(text)
    await expect.poll(() => server.stats().received).toBeGreaterThanOrEqual(4)
    close(client.ws, server)
    await expect.poll(() => server.stats().connections).toBe(0)
    expect(started).toEqual(['a'])
    gate.resolve(undefined)
    await expect.poll(() => started).toEqual(expected)
    await server.close()
    expect(started).toEqual(expected)
  })

  const fail = (message: string): never => {
    throw new Error(message)
  }

  it('lets its part take commands, and reports what the part throws', async () => {
    const closed: string[] = []
    const part = (session: OpenSession): SessionPart => ({
      take(command) {
        if (command.kind !== 'request') return false
        if (command.type === 'throw') throw new Error('no number')
        if (command.type === 'end') session.end(4000, 'ended')
        if (command.type === 'handled') return false
        session.send(`taken ${command.type}`)
        return true
      },
      closed(reason) {
        closed.push(reason)
        throw new Error('no end')
      },
    })
    const { server, open, errors } = await backend(lines(), { token, opened: part })
    server.handle('handled', () => 'by the server')
    const client = await open()
    await texts(client, 3)
    for (const text of ['one', 'throw', 'handled']) client.send(text)
    expect(await texts(client, 2)).toEqual(['taken one', 'reply by the server'])
    client.send('end')
    expect(await client.closed).toEqual({ code: 4000, reason: 'ended' })
    await expect.poll(() => errors).toMatchObject([{ message: 'no number' }, { message: 'no end' }])
    expect(closed).toEqual(['ended'])
  })

  it('reports what its part rejects with, whose functions an application may have made async', async () => {
    const part = { take: async () => fail('no number'), closed: async () => fail('no end') }
    const { open, errors } = await backend(lines(), { token, opened: () => part as never })
    const client = await open()
    await texts(client, 3)
    client.send('one')
    await expect.poll(() => errors).toMatchObject([{ message: 'no number' }])
    client.ws.close()
    await expect.poll(() => errors).toMatchObject([{ message: 'no number' }, { message: 'no end' }])
  })

  it.each([
    ['throws', () => fail('no room'), 'no room'],
    ['is async', (async () => ({})) as never, 'The `opened` of a mount returned a promise. Return'],
  ])('ends a connection if its `opened` %s', async (_, opened, message) => {
    const { open, errors } = await backend(lines(), { token, opened })
    expect((await (await open()).closed).code).toBe(1011)
    expect(errors).toMatchObject([{ message: expect.stringContaining(message) }])
  })
})
