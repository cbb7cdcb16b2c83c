import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { GraphqlSseOptions } from 'wirefold/dialects/graphql-ws'
import { graphqlSseTransport } from 'wirefold/dialects/graphql-ws'
import type { Answer } from '../support/http-backend.ts'
import { httpBackend, stream } from '../support/http-backend.ts'
import { until } from '../support/live.ts'

/** A connection to a server that answers every operation the same way. */
async function opened(answer: Answer, options: GraphqlSseOptions = {}) {
  const backend = await httpBackend(answer)
  const messages: unknown[] = []
  const ends: unknown[] = []
  const transport = await new Promise<ReturnType<ReturnType<typeof graphqlSseTransport>['open']>>(
    (resolve) => {
      const one = graphqlSseTransport(options).open(
        backend.url,
        [],
        {
          opened: () => resolve(one),
          message: (data) => messages.push(JSON.parse(String(data))),
          closed: (info) => ends.push(info),
        },
        { token: 't' },
      )
    },
  )
  onTestFinished(() => transport.close())
  const start = (id: string, query = '{ hello }') =>
    transport.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
  return { backend, messages, ends, transport, start }
}

const next = (result: unknown) => `event: next\ndata: ${JSON.stringify(result)}\n\n`
const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

describe('operations over server-sent events', () => {
  it('are POSTs of their own, with the token as a header', async () => {
    const { backend, start } = await opened((_, response) => stream(response))
    start('a', '{ one }')
    start('b', '{ two }')
    await until(() => expect(backend.received).toHaveLength(2))
    const bodies = backend.received.map(({ body }) => JSON.parse(body).query)
    expect(bodies.sort()).toEqual(['{ one }', '{ two }'])
    expect(backend.received[0]).toMatchObject({
      method: 'POST',
      url: '/stream',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: 'Bearer t',
      },
    })
  })

  it.each([
    ['with empty data', 'event: complete\ndata:\n\n'],
    ['without data', 'event: complete\n\n'],
  ])('end by an event complete %s', async (_, end) => {
    const { messages, ends, start } = await opened((_, response) => {
      stream(response).write(':\n\n')
      response.end(next({ data: { n: 1 } }) + next({ data: { n: 2 } }) + end)
    })
    start('a')
    await until(() => expect(messages).toHaveLength(3))
    expect(messages).toEqual([
      { id: 'a', type: 'next', payload: { data: { n: 1 } } },
      { id: 'a', type: 'next', payload: { data: { n: 2 } } },
      expect.objectContaining({ id: 'a', type: 'complete' }),
    ])
    start('b')
    await until(() => expect(messages).toHaveLength(6))
    expect(ends).toEqual([])
  })

  it.each([
    [200, { data: { hello: 1 } }],
    [200, { data: null, errors: [{ message: 'no' }] }],
    [400, { errors: [{ message: 'no' }] }],
    [403, { errors: [{ message: 'no' }] }],
  ])('take JSON with the status %i as their result, if it is one: %o', async (status, result) => {
    const { messages, ends, start } = await opened(answering(status, result))
    start('a')
    await until(() => expect(messages).toHaveLength(2))
    expect(messages).toEqual([
      { id: 'a', type: 'next', payload: result },
      { id: 'a', type: 'complete' },
    ])
    expect(ends).toEqual([])
  })

  it.each([
    [200, 'hello', 4200],
    [401, { errors: [{ message: 'who are you?' }] }, 4401],
    [403, 'no', 4403],
    [404, { message: 'not here' }, 4404],
    [500, '', 4500],
  ])('end the connection by the status %i without a result', async (status, body, code) => {
    const { messages, ends, start } = await opened(answering(status, body))
    start('a')
    await until(() => expect(ends).toEqual([{ code, reason: `HTTP ${status}` }]))
    expect(messages).toEqual([])
  })

  it('pass on the wait that a server asks for', async () => {
    const { ends, start } = await opened(answering(503, '', { 'retry-after': '7' }))
    start('a')
    await until(() => expect(ends).toHaveLength(1))
    expect(ends).toEqual([
      { code: 4503, reason: JSON.stringify({ retryAfterMs: 7_000, message: 'HTTP 503' }) },
    ])
  })

  it('end the connection where a stream ends without complete, is lost, or is silent', async () => {
    const unfinished = await opened((_, response) => void stream(response).end(next({ data: 1 })))
    unfinished.start('a')
    await until(() => expect(unfinished.ends).toMatchObject([{ code: 4200 }]))
    expect(unfinished.messages).toHaveLength(1)
    const lost = await opened((_, response) => void stream(response).write(next({ data: 1 })))
    lost.start('a')
    lost.start('b')
    await until(() => expect(lost.messages).toHaveLength(2))
    await lost.backend.kill()
    await until(() => expect(lost.ends).toMatchObject([{ code: 1006 }]))
    const silent = await opened((_, response) => void stream(response), { silenceMs: 20 })
    silent.start('a')
    await until(() =>
      expect(silent.ends).toEqual([{ code: 1006, reason: 'nothing arrived in 20 ms' }]),
    )
  })

  it('end alone where the client completes them', async () => {
    const open = new Map<string, ServerResponse>()
    const closed: string[] = []
    const { messages, ends, start, transport } = await opened(({ body }, response) => {
      const { query } = JSON.parse(body)
      open.set(query, stream(response))
      response.on('close', () => closed.push(query))
    })
    start('a', 'one')
    start('b', 'two')
    await until(() => expect(open.size).toBe(2))
    transport.send(JSON.stringify({ id: 'a', type: 'complete' }))
    await until(() => expect(closed).toEqual(['one']))
    open.get('two')?.write(next({ data: 2 }))
    await until(() => expect(messages).toEqual([{ id: 'b', type: 'next', payload: { data: 2 } }]))
    expect(ends).toEqual([])
  })

  it('end with the connection, which then calls back no more', async () => {
    const closed: string[] = []
    let count = 0
    const { messages, ends, start, transport } = await opened(({ body }, response) => {
      count++
      stream(response)
      response.on('close', () => closed.push(JSON.parse(body).query))
    })
    start('a', 'one')
    start('b', 'two')
    await until(() => expect(count).toBe(2))
    transport.close()
    start('c', 'three')
    await until(() => expect(closed.sort()).toEqual(['one', 'two']))
    expect(count).toBe(2)
    expect([...messages, ...ends]).toEqual([])
  })
})

describe('the transport of GraphQL over server-sent events', () => {
  const handlers = { opened() {}, message() {}, closed() {} }

  it('opens without a request, and not once it was closed', async () => {
    const { backend } = await opened(() => {})
    expect(backend.received).toEqual([])
    let isOpen = false
    const opening = graphqlSseTransport().open(backend.url, [], {
      ...handlers,
      opened: () => {
        isOpen = true
      },
    })
    opening.close()
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(isOpen).toBe(false)
  })

  it('refuses unknown options, and addresses that are not encrypted', () => {
    expect(() => graphqlSseTransport({ postUrl: '/x' } as never)).toThrow(
      expect.objectContaining({ code: 'bad-option' }),
    )
    const open = (options?: GraphqlSseOptions) =>
      graphqlSseTransport(options).open('http://example.org/graphql', [], handlers).close()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'bad-url' }))
    expect(() => open({ allowInsecure: true })).not.toThrow()
  })
})
