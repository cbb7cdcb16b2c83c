import { describe, expect, it } from 'vitest'
import type { SseDialectOptions } from 'wirefold/dialects/sse'
import { until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { following } from './following.ts'

const completions: SseDialectOptions = {
  stream: (_, body) => ({ url: '/complete', body }),
  read: ({ data }) => ({ type: 'token', payload: { text: Object(data).delta } }),
}

describe('a stream that is the answer to its parameters', () => {
  it.each(['one two', 'one two quietly'])(
    'brings the tokens of a prompt, and ends its channel: %s',
    async (prompt) => {
      const server = await sseBackend()
      const { follow } = following(server.origin, completions)
      const one = follow('answer', { prompt })
      await until(() => expect(one.statuses.at(-1)).toBe('ended'))
      expect(one.received).toEqual(prompt.split(' ').map((token) => `token ${token}`))
      expect(server.prompts).toEqual([prompt])
      const [request] = server.received
      expect(request?.method).toBe('POST')
      expect(request?.headers['content-type']).toBe('application/json')
    },
  )

  it('is a channel of its own for each prompt, side by side', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, completions)
    const [one, two] = [follow('answer', { prompt: 'a b' }), follow('answer', { prompt: 'c' })]
    await until(() => expect(one.statuses.at(-1)).toBe('ended'))
    await until(() => expect(two.statuses.at(-1)).toBe('ended'))
    expect([one.received, two.received]).toEqual([['token a', 'token b'], ['token c']])
    expect([...server.prompts].sort()).toEqual(['a b', 'c'])
  })

  it('is asked for again by a new subscription', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, completions)
    const one = follow('answer', { prompt: 'a' })
    await until(() => expect(one.statuses.at(-1)).toBe('ended'))
    expect(server.prompts).toEqual(['a'])
    const again = follow('answer', { prompt: 'a' })
    await until(() => expect(again.received).toEqual(['token a']))
    expect(server.prompts).toEqual(['a', 'a'])
  })

  it('refuses its channel by an event `error`', async () => {
    const server = await sseBackend()
    const { follow, errors } = following(server.origin, completions)
    const one = follow('answer', { prompt: 'half fail' })
    await until(() => expect(one.statuses.at(-1)).toBe('refused'))
    expect(one.received).toEqual(['token half', 'token fail'])
    expect(errors).toMatchObject([
      { code: 'overloaded', message: 'The server refused answer: try later' },
    ])
  })

  it.each([
    ['Internal Server Error', 'internal', 'Internal Server Error'],
    ['', 'internal', ''],
    ['null', 'internal', ''],
    ['"no"', 'internal', 'no'],
    ['{"error":"full"}', 'internal', 'full'],
    [
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      'overloaded_error',
      'Overloaded',
    ],
  ])('refuses its channel by an event `error` of %j', async (data, code, message) => {
    const server = await sseBackend({}, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: {"delta":"a"}\n\nevent: error\ndata: ${data}\n\n`)
      return true
    })
    const { follow, errors } = following(server.origin, completions)
    const one = follow('answer', { prompt: 'a' })
    await until(() => expect(one.statuses.at(-1)).toBe('refused'))
    expect([one.received, one.statuses.includes('ended')]).toEqual([['token a'], false])
    expect(errors).toMatchObject([
      { code, message: `The server refused answer: ${message || code}`, detail: { message } },
    ])
  })

  it('refuses its channel by an event without a name where `read` says so', async () => {
    const server = await sseBackend({}, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        'data: {"delta":"a"}\n\ndata: {"error":{"message":"quota","code":"no_quota"}}\n\n',
      )
      return true
    })
    const { follow, errors } = following(server.origin, {
      stream: (_, body) => ({ url: '/complete', body }),
      read: ({ data }) => ({ error: Object(data).error }),
    })
    const one = follow('answer', { prompt: 'a' })
    await until(() => expect(one.statuses.at(-1)).toBe('refused'))
    expect(errors).toMatchObject([{ code: 'no_quota', detail: { message: 'quota' } }])
  })

  it('refuses its channel where the stream is lost, and does not ask a second time', async () => {
    const server = await sseBackend()
    const { follow, errors } = following(server.origin, completions)
    const one = follow('answer', { prompt: 'half cut' })
    await until(() => expect(one.statuses.at(-1)).toBe('refused'))
    expect(errors).toMatchObject([{ code: 'stream-lost' }])
    expect(server.prompts).toEqual(['half cut'])
  })

  it.each([true, false])(
    'is not asked for a second time by a new connection, replays: %s',
    async (replays) => {
      const server = await sseBackend({}, ({ url }, response) => {
        if (url !== '/complete') return false
        server.prompts.push('held')
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .write('data: {"delta":1}\n\n')
        return true
      })
      const { client, follow } = following(server.origin, { ...completions, replays })
      const one = follow('answer', { prompt: 'a' })
      await until(() => expect(one.received).toEqual(['token 1']))
      client.close()
      await client.connect()
      await until(() => expect(one.statuses.at(-1)).toBe('refused'))
      expect(one.handle.status.get()).toMatchObject({ error: { code: 'stream-lost' } })
      expect(server.prompts).toEqual(['held'])
      one.handle.renew()
      // A refusal stands until a new subscription.
      const again = follow('answer', { prompt: 'a' })
      await until(() => expect(again.received).toEqual(['token 1']))
      expect(server.prompts).toEqual(['held', 'held'])
    },
  )

  it('brings plain texts where its data is no JSON', async () => {
    const server = await sseBackend({}, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('data: 42\n\ndata: "a\n\ndata: [DONE]\n\n')
      return true
    })
    const { follow, errors } = following(server.origin, {
      stream: (_, body) => ({ url: '/complete', body }),
      data: 'text',
    })
    const one = follow('answer', { prompt: 'a' })
    await until(() => expect(one.statuses.at(-1)).toBe('ended'))
    expect(one.received).toEqual(['message "42"', 'message "\\"a"'])
    expect(errors).toEqual([])
  })
})
