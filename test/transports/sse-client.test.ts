import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { SseOptions } from 'wirefold/transports'
import { sseTransport } from 'wirefold/transports'
import { calls } from '../support/calls.ts'
import type { Answer } from '../support/http-backend.ts'
import { callOf, httpBackend, stream } from '../support/http-backend.ts'
import { connect, until } from '../support/live.ts'

/** A backend that sends events on every stream, and answers each call there with its body. */
async function backend(instead: (...request: Parameters<Answer>) => boolean = () => false) {
  const streams = new Set<ServerResponse>()
  const history: string[] = []
  const write = (chunk: string | Uint8Array): void => {
    for (const one of streams) one.write(chunk)
  }
  const http = await httpBackend((request, response) => {
    if (instead(request, response)) return
    if (request.method === 'POST') {
      const { id, body } = callOf(request)
      response.writeHead(202).end()
      write(`data: ${JSON.stringify({ ok: id, body })}\n\n`)
      return
    }
    const since = Number(request.headers['last-event-id'] ?? history.length)
    streams.add(stream(response))
    response.on('close', () => streams.delete(response))
    for (const event of history.slice(since)) response.write(event)
  })
  return {
    ...http,
    write,
    publish(body: unknown): void {
      const data = JSON.stringify({ room: 'lobby', event: 'said', body })
      history.push(`id: ${history.length + 1}\ndata: ${data}\n\n`)
      write(history.at(-1) ?? '')
    },
    gets: () => http.received.filter(({ method }) => method === 'GET'),
    posts: () => http.received.filter(({ method }) => method === 'POST'),
  }
}

/** A client of `calls` over server-sent events, and the bodies that it receives in the lobby. */
function client(url: string, options: SseOptions = {}, more: Parameters<typeof connect>[1] = {}) {
  const transport = sseTransport(options)
  const made = connect(url, { dialect: calls, transport, ...more })
  const received: unknown[] = []
  const lobby = new ChannelSubscriber(made.client).subscribe('lobby', (body) => received.push(body))
  const dropped: unknown[] = []
  made.client.on('dropped', ({ code, reason }) => dropped.push(`${code} ${reason}`.trim()))
  return { ...made, received, lobby, dropped }
}

/** A stream without a network, in virtual time, whose posts are answered by `post`; by default, never. */
async function virtualStream(post = () => new Promise<Response>(() => {})) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const events: string[] = []
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const headers = { 'content-type': 'text/event-stream' }
  const transport = sseTransport({
    silenceMs: 400,
    fetch: async (_, { method } = {}) =>
      method === 'POST' ? post() : new Response(readable, { headers }),
  }).open('https://app.example.com/', [], {
    opened: () => events.push('opened'),
    message() {},
    closed: ({ reason }) => events.push(reason),
  })
  await vi.advanceTimersByTimeAsync(0)
  return { events, transport, comment: () => writer.write(new TextEncoder().encode(':\n')) }
}

describe('a client over server-sent events', () => {
  it('receives events, and posts requests, which are answered on the stream', async () => {
    const server = await backend()
    const { client: one, received, lobby, errors } = client(server.url, { postUrl: '/messages' })
    await lobby.ready
    server.publish('hello')
    expect(await Promise.all([1, 2, 3].map((n) => one.request('echo', n)))).toEqual([1, 2, 3])
    await until(() => expect(received).toEqual(['hello']))
    expect(server.posts().map((post) => [post.url, callOf(post).body])).toEqual([
      ['/messages', 1],
      ['/messages', 2],
      ['/messages', 3],
    ])
    expect(server.posts()[0]?.headers['content-type']).toBe('application/json')
    expect(errors).toEqual([])
  })

  it('sends its token as a header on both ways, and asks for another one after 401', async () => {
    const server = await backend(({ headers }, response) => {
      const isOld = headers.authorization !== 'Bearer new'
      if (isOld) response.writeHead(401).end()
      return isOld
    })
    const reasons: string[] = []
    const auth = (reason: string): string => {
      reasons.push(reason)
      return reason === 'refused' ? 'new' : 'old'
    }
    const { client: one, errors } = client(server.url, {}, { auth })
    expect(await one.request('echo', 1)).toBe(1)
    expect(reasons).toEqual(['connect', 'refused'])
    expect(server.received.map(({ url }) => url)).toEqual(['/stream', '/stream', '/stream'])
    expect(errors).toEqual([])
  })

  it.each([
    [403, 4403],
    [204, 1008],
  ])('gives up after %i', async (status, closeCode) => {
    const server = await backend((_, response) => {
      response.writeHead(status).end()
      return true
    })
    const { client: one } = client(server.url)
    await expect(one.connect()).rejects.toMatchObject({ code: 'failed', detail: { closeCode } })
    expect(server.received).toHaveLength(1)
  })

  it('continues after the last event once a killed server is back, without losing one', async () => {
    const server = await backend()
    const { client: one, received, lobby, dropped } = client(server.url)
    await lobby.ready
    server.publish(1)
    await until(() => expect(received).toEqual([1]))
    await server.kill()
    await until(() => expect(one.state.get().name).toBe('waiting'))
    server.publish(2)
    server.publish(3)
    await server.restart()
    await until(() => expect(received).toEqual([1, 2, 3]))
    const ids = server.gets().map(({ headers }) => headers['last-event-id'])
    expect([...new Set(ids)]).toEqual([undefined, '1'])
    expect(dropped[0]).toBe('1006')
  })

  it('reads events that arrive byte by byte', async () => {
    const server = await backend()
    const { received, lobby } = client(server.url)
    await lobby.ready
    const bytes = Buffer.from(
      '\ndata: {"room":"lobby","event":"said",\r\ndata: "body":"é🜁"}\r\n\r\n',
    )
    for (const byte of bytes) {
      server.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => expect(received).toEqual(['é🜁']))
  })

  it('waits for as long as the server wants: by retry, or by Retry-After', async () => {
    let busy = false
    const server = await backend((_, response) => {
      if (busy) response.writeHead(503, { 'retry-after': '2' }).end()
      return busy
    })
    const { client: one, lobby, dropped, received } = client(server.url)
    await lobby.ready
    server.write('retry: 700\n\n')
    server.publish('read')
    await until(() => expect(received).toEqual(['read']))
    busy = true
    await server.kill()
    await until(() => expect(one.state.get().name).toBe('waiting'))
    await server.restart()
    await until(() => expect(dropped.at(-1)).toMatch('HTTP 503'))
    expect(dropped.map((text) => JSON.parse(String(text).slice(5)).retryAfterMs)).toEqual([
      700, 2_000,
    ])
  })

  it('gives up a stream on which nothing arrives, as behind a proxy that buffers', async () => {
    const server = await backend()
    const { client: one, dropped, errors } = client(server.url, { silenceMs: 300 })
    await one.connect()
    await until(() => expect(dropped).toEqual(['1006 nothing arrived in 300 ms']))
    await until(() => expect(server.gets().length).toBeGreaterThan(1))
    expect(errors).toEqual([])
  })

  it('keeps a stream that is silent but for comments, and gives it up at the time limit', async () => {
    const { events, comment } = await virtualStream()
    for (let round = 0; round < 5; round++) {
      await comment()
      await vi.advanceTimersByTimeAsync(399)
    }
    expect(events).toEqual(['opened'])
    await vi.advanceTimersByTimeAsync(1)
    expect(events).toEqual(['opened', 'nothing arrived in 400 ms'])
  })

  it('gives up a post that is not answered in the time limit, while its stream goes on', async () => {
    const { events, comment, transport } = await virtualStream()
    transport.send('{}')
    await vi.advanceTimersByTimeAsync(300)
    await comment()
    await vi.advanceTimersByTimeAsync(99)
    expect(events).toEqual(['opened'])
    await vi.advanceTimersByTimeAsync(1)
    expect(events).toEqual(['opened', 'a post was not answered in 400 ms'])
  })

  it('gives up a silent stream although its posts are answered', async () => {
    const { events, transport } = await virtualStream(async () => new Response('{}'))
    for (let round = 0; round < 4; round++) {
      transport.send('{}')
      await vi.advanceTimersByTimeAsync(99)
    }
    expect(events).toEqual(['opened'])
    await vi.advanceTimersByTimeAsync(4)
    expect(events).toEqual(['opened', 'nothing arrived in 400 ms'])
  })

  it('gives up an attempt whose headers never arrive', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const server = await backend(() => true)
    const { client: one, dropped } = client(server.url, {}, { connectTimeoutMs: 100 })
    void one.connect().catch(() => {})
    await until(() => expect(dropped[0]).toBe('1006 no welcome in 100 ms'))
  })

  it('refuses a page in place of a stream', async () => {
    const server = await backend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
      return true
    })
    const { client: one, dropped } = client(server.url)
    void one.connect().catch(() => {})
    await until(() =>
      expect(dropped[0]).toBe('1002 the response is of text/html instead of text/event-stream'),
    )
  })

  it('follows no redirect, on which a posted message would be lost', async () => {
    const server = await backend(({ method }, response) => {
      if (method === 'POST') response.writeHead(302, { location: '/elsewhere' }).end()
      return method === 'POST'
    })
    const { client: one, dropped } = client(server.url)
    await expect(one.request('echo', 1)).rejects.toMatchObject({ code: 'disconnected' })
    expect(dropped).toEqual(['1006'])
    expect(server.received.map(({ url }) => url)).not.toContain('/elsewhere')
  })

  it.each([
    ['is refused', 500, '4500 HTTP 500'],
    ['is too large', 413, '1009 HTTP 413'],
    [
      'is not answered',
      0,
      expect.stringMatching(/^1006 (a post was not answered|nothing arrived) in 300 ms$/),
    ],
    ['is reset', -1, '1006'],
  ])('is lost when a post %s, and the next message is not sent before', async (_, status, end) => {
    let posts = 0
    const server = await backend(({ method }, response) => {
      if (method !== 'POST' || posts++ > 0) return false
      if (status > 0) response.writeHead(status).end()
      else if (status < 0) response.socket?.resetAndDestroy()
      return true
    })
    const { client: one, lobby, dropped } = client(server.url, { silenceMs: 300 })
    await lobby.ready
    const signs = setInterval(() => server.write(':\n'), 50)
    onTestFinished(() => clearInterval(signs))
    const first = one.request('echo', 1).catch(({ code }) => code)
    const second = one.request('echo', 2).catch(({ code }) => code)
    expect(await first).toBe('disconnected')
    await until(() => expect(dropped[0]).toEqual(end))
    expect(['disconnected', 2]).toContain(await second)
    expect(server.posts().map((post) => callOf(post).body)[0]).toBe(1)
  })

  it('posts a body for its stream, as for the tokens of a language model', async () => {
    let prompts = 0
    const server = await httpBackend(({ body }, response) => {
      stream(response)
      for (const word of JSON.parse(body).prompt.split(' ')) {
        response.write(`data: {"room":"lobby","event":"said","body":"${word}"}\n\n`)
      }
      response.end()
    })
    const body = (): string => JSON.stringify({ prompt: `one two ${++prompts}` })
    const { received, dropped } = client(server.url, { body })
    await until(() => expect(received.slice(0, 3)).toEqual(['one', 'two', '1']))
    await until(() => expect(dropped[0]).toBe('4200 the server ended the stream'))
    expect(server.received[0]).toMatchObject({ method: 'POST', body: '{"prompt":"one two 1"}' })
  })

  it('reads named events as its application wants', async () => {
    const server = await backend()
    const { received, lobby } = client(server.url, {
      read: ({ type, data }) =>
        type === 'noise' ? undefined : JSON.stringify({ room: 'lobby', event: type, body: data }),
    })
    await lobby.ready
    server.write('event: said\ndata: a\n\nevent: noise\ndata: b\n\ndata: c\n\n')
    await until(() => expect(received).toEqual(['a', 'c']))
  })

  it('reports an event that cannot be read, and goes on', async () => {
    const server = await backend()
    const { received, lobby, errors, dropped } = client(server.url)
    await lobby.ready
    server.write(`data: {\n\ndata: "${'x'.repeat(4 * 1024 * 1024)}"\n\n`)
    server.publish('next')
    await until(() => expect(received).toEqual(['next']))
    expect(errors).toMatchObject([
      { code: 'bad-frame', detail: { reason: 'not JSON' } },
      { code: 'bad-frame', detail: { reason: 'longer than 4194304 characters' } },
    ])
    expect(dropped).toEqual([])
  })

  it.each([
    ['é🜁', 'é🜁'],
    ['\u0001', undefined],
  ])('sends back the id %j in UTF-8, if it can be a header', async (id, expected) => {
    const server = await backend()
    const { client: one, lobby, received } = client(server.url)
    await lobby.ready
    server.write(`id: ${id}\ndata: {"room":"lobby","event":"said","body":1}\n\n`)
    await until(() => expect(received).toEqual([1]))
    await server.kill()
    await until(() => expect(one.state.get().name).toBe('waiting'))
    await server.restart()
    await until(() => expect(server.gets()).toHaveLength(2))
    const sent = server.gets().at(-1)?.headers['last-event-id']
    expect(sent && Buffer.from(`${sent}`, 'latin1').toString()).toBe(expected)
  })

  it('refuses an option of another name', () => {
    const other = { silenceMs: 1, pingMs: 1 }
    expect(() => sseTransport(other)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'pingMs' } }),
    )
  })

  it('requires encryption to other machines, and resolves its addresses', () => {
    const quiet = { opened() {}, message() {}, closed() {} }
    const urls: unknown[] = []
    const open = (url: string, options: SseOptions = {}) =>
      sseTransport({
        ...options,
        fetch: (to) => {
          urls.push(to)
          return new Promise(() => {})
        },
      })
        .open(url, [], quiet)
        .close()
    for (const url of [
      'http://app.example.com/',
      'ws://app.example.com/',
      'ftp://localhost/',
      '/events',
    ]) {
      expect(() => open(url), url).toThrow(expect.objectContaining({ code: 'bad-url' }))
    }
    expect(() => open('https://app.example.com', { postUrl: 'http://app.example.com' })).toThrow(
      expect.objectContaining({ code: 'bad-url' }),
    )
    open('http://10.0.0.7/', { allowInsecure: true })
    open('https://app.example.com/events?a=1')
    open('wss://app.example.com/events')
    expect(urls).toEqual([
      'http://10.0.0.7/',
      'https://app.example.com/events?a=1',
      'https://app.example.com/events',
    ])
  })
})
