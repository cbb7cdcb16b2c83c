import { describe, expect, it, vi } from 'vitest'
import { stream } from '../support/http-backend.ts'
import { until } from '../support/live.ts'
import { sseBackend } from '../support/peers/sse.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/backends/sse.md'
const session = { token: () => 't-ana' }

describe('the examples of the page about server-sent events', () => {
  it('follow one stream for all channels', async () => {
    const server = await sseBackend()
    const show = vi.fn()
    const given = { session, show }
    await run(blockWith(PAGE, '/events'), { host: new URL(server.origin).host, given })
    await until(() => expect(server.streams()).toBe(1))
    server.publish('orders', 'placed', { id: 1 })
    await until(() => expect(show).toHaveBeenCalledWith('placed', { channel: 'orders', id: 1 }))
  })

  it('follow a stream for each channel, and make requests', async () => {
    const server = await sseBackend({}, ({ url, headers }, response) => {
      // The example has no credentials.
      headers.authorization = 'Bearer t-cookie'
      const isCancel = url === '/api/cancel'
      if (isCancel) response.end('{"ok":true}')
      return isCancel
    })
    const render = vi.fn()
    const given = { id: '7', render }
    await run(blockWith(PAGE, '/sub/'), { host: new URL(server.origin).host, given })
    expect(server.requestsOf('/api').map(({ body }) => body)).toEqual(['{"id":"7"}'])
    await until(() => expect(server.streams()).toBe(1))
    server.publish('orders', 'placed', { id: 1 })
    await until(() => expect(render).toHaveBeenCalledWith({ channel: 'orders', id: 1 }))
  })

  it('append the tokens of a language model', async () => {
    const server = await sseBackend({}, (_, response) => {
      stream(response).end('data: {"delta":"blue "}\n\ndata: {"delta":"sea"}\n\ndata: [DONE]\n\n')
      return true
    })
    const append = vi.fn()
    await run(blockWith(PAGE, '/v1/complete'), {
      host: new URL(server.origin).host,
      given: { append },
    })
    await until(() => expect(append.mock.calls).toEqual([['blue '], ['sea']]))
    expect(server.received.map(({ body }) => body)).toEqual(['{"prompt":"Tell me of the sea."}'])
  })
})
