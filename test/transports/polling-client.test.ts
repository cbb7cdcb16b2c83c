import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { LongPollingOptions } from 'wirefold/transports'
import { longPollingTransport } from 'wirefold/transports'
import { calls } from '../support/calls.ts'
import type { Answer } from '../support/http-backend.ts'
import { callOf, httpBackend } from '../support/http-backend.ts'
import { connect, until } from '../support/live.ts'

/** The messages that wait for the next poll of a connection, and the poll that waits for messages. */
interface Poller {
  readonly waiting: unknown[]
  open: ServerResponse | undefined
}

const idOf = (url: string): string => new URL(url, 'http://x').searchParams.get('connection') ?? ''

/** A backend that is polled, and answers each call with its body by a poll. */
async function backend(instead: (...request: Parameters<Answer>) => boolean = () => false) {
  const pollers = new Map<string, Poller>()
  const answer = (poller: Poller): void => {
    if (poller.waiting.length === 0) return
    poller.open?.end(JSON.stringify(poller.waiting))
    if (poller.open) poller.waiting.length = 0
    poller.open = undefined
  }
  const say = (poller: Poller, message: unknown): void => {
    poller.waiting.push(message)
    answer(poller)
  }
  const http = await httpBackend((request, response) => {
    if (instead(request, response)) return
    const poller = pollers.get(idOf(request.url))
    if (request.method === 'POST') {
      const { id, body } = callOf(request)
      response.writeHead(poller ? 202 : 410).end()
      if (poller) say(poller, { ok: id, body })
    } else if (poller) {
      poller.open = response
      answer(poller)
    } else {
      pollers.set(idOf(request.url), { waiting: [], open: undefined })
      response.end('[]')
    }
  })
  return {
    ...http,
    publish: (body: unknown) => {
      for (const poller of pollers.values()) say(poller, { room: 'lobby', event: 'said', body })
    },
    async kill(): Promise<void> {
      pollers.clear()
      await http.kill()
    },
    isPolled: () => [...pollers.values()].every(({ open }) => open),
    connections: () => new Set(http.received.map(({ url }) => idOf(url))).size,
  }
}

function client(url: string, options: LongPollingOptions = {}) {
  const transport = longPollingTransport(options)
  const made = connect(url, { dialect: calls, transport })
  const received: unknown[] = []
  const lobby = new ChannelSubscriber(made.client).subscribe('lobby', (body) => received.push(body))
  const dropped: unknown[] = []
  made.client.on('dropped', ({ code, reason }) => dropped.push(`${code} ${reason}`.trim()))
  return { ...made, received, lobby, dropped }
}

describe('a client over long polling', () => {
  it('receives events in order, and posts requests, which are answered by polls', async () => {
    const server = await backend()
    const { client: one, received, lobby, errors } = client(server.url)
    await lobby.ready
    for (const n of [1, 2, 3]) server.publish(n)
    expect(await Promise.all([1, 2, 3].map((n) => one.request('echo', n)))).toEqual([1, 2, 3])
    await until(() => expect(received).toEqual([1, 2, 3]))
    expect(server.connections()).toBe(1)
    expect(errors).toEqual([])
  })

  it('connects anew, under another id, once a killed server is back', async () => {
    const server = await backend()
    const { client: one, received, lobby, dropped } = client(server.url)
    await lobby.ready
    await server.kill()
    await until(() => expect(one.state.get().name).toBe('waiting'))
    await server.restart()
    await until(() => expect(one.state.get().name).toBe('open'))
    server.publish('again')
    await until(() => expect(received).toEqual(['again']))
    expect(dropped[0]).toBe('1006')
    expect(server.connections()).toBeGreaterThan(1)
  })

  it('connects anew where the server forgot it', async () => {
    let forgets = false
    const server = await backend((_, response) => {
      if (forgets) response.writeHead(410).end()
      return forgets
    })
    const { client: one, lobby, received, dropped } = client(server.url)
    await lobby.ready
    await until(() => expect(server.isPolled()).toBe(true))
    forgets = true
    server.publish('last')
    await until(() => expect(dropped[0]).toBe('4410 HTTP 410'))
    forgets = false
    await until(() => expect(one.state.get().name).toBe('open'))
    expect(received).toEqual(['last'])
  })

  it('gives up a poll that is not answered in its time limit', async () => {
    const server = await backend()
    const { client: one, dropped } = client(server.url, { silenceMs: 300 })
    await one.connect()
    await until(() => expect(dropped[0]).toBe('1006 nothing arrived in 300 ms'))
  })

  /** A server that answers one poll after the other with these bodies, and then no more. */
  const serving = (...bodies: string[]) =>
    httpBackend((_, response) => {
      const body = bodies.shift()
      if (body !== undefined) response.end(body)
    })
  const said = (body: unknown): string => JSON.stringify({ room: 'lobby', event: 'said', body })

  it('reads arrays of values and of texts, and a single message', async () => {
    const array = `[${said(1)}, ${JSON.stringify(said(2))}]`
    const { url } = await serving(array, said(3), 'nonsense', `[${said(4)}]`)
    const { received, errors, dropped } = client(url)
    await until(() => expect(received).toEqual([1, 2, 3, 4]))
    expect(errors).toMatchObject([{ code: 'bad-frame', detail: { reason: 'not JSON' } }])
    expect(dropped).toEqual([])
  })

  it('reads bodies of another form by the function of its application', async () => {
    const { url } = await serving(`${said(1)}\n${said(2)}`)
    const { received } = client(url, { read: (body) => body.split('\n') })
    await until(() => expect(received).toEqual([1, 2]))
  })

  it('ends a connection whose server sends without end', async () => {
    const part = 'x'.repeat(2 ** 16)
    const server = await httpBackend((_, response) => {
      response.on('error', () => {})
      const more = (): void => {
        if (!response.destroyed) response.write(part, () => setImmediate(more))
      }
      more()
    })
    const { client: one, dropped } = client(server.url)
    one.on('dropped', ({ cause }) => dropped.push(cause))
    await one.connect()
    await until(() => expect(dropped.length).toBeGreaterThan(1))
    expect(String(dropped[1])).toContain('longer than 4194304 characters')
  })

  it('asks a server that does not wait once a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    let polls = 0
    const transport = longPollingTransport({
      fetch: async () => {
        polls++
        return new Response(null, { status: 204 })
      },
    }).open('https://app.example.com/', [], { opened() {}, message() {}, closed() {} })
    await vi.advanceTimersByTimeAsync(10_500)
    transport.close()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(polls).toBe(12)
  })
})
