import { describe, expect, it } from 'vitest'
import { until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { following, perChannel, shared } from './following.ts'

describe.each([
  ['of a client with one stream', '/events', shared],
  ['of a client with a stream for each channel', '', perChannel],
])('a request %s', (_, path, options) => {
  it('is a POST, and its reply the JSON of the response', async () => {
    const server = await sseBackend()
    const { client } = following(server.origin + path, options)
    expect(await client.request('echo', { n: 1 })).toEqual({
      ...{ method: 'POST', payload: { n: 1 }, by: 'Bearer t-ana' },
    })
    expect(await client.request('empty', {})).toBeUndefined()
    const [post] = server.requestsOf('/api/echo')
    expect(post?.headers['content-type']).toBe('application/json')
  })

  it('has the method and the headers that the application wants', async () => {
    const server = await sseBackend()
    const { client } = following(server.origin + path, {
      ...options,
      request: ({ type, id }) => ({
        ...{ url: `/api/${type}?a=1`, method: 'DELETE', headers: { 'idempotency-key': id } },
      }),
    })
    expect(await client.request('echo')).toMatchObject({ method: 'DELETE' })
    expect(server.requestsOf('/api')[0]).toMatchObject({
      url: '/api/echo?a=1',
      headers: { 'idempotency-key': expect.stringMatching(/./) },
    })
  })

  it('rejects with a code by the status, and with the wait of Retry-After', async () => {
    const server = await sseBackend()
    const { client } = following(server.origin + path, options)
    await expect(client.request('missing', {})).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('there is no missing'),
      detail: { retryable: false, details: { error: { message: 'there is no missing' } } },
    })
    await expect(client.request('busy', {})).rejects.toMatchObject({
      code: 'rate-limited',
      detail: { retryable: true, retryAfterMs: 3_000 },
    })
  })

  it('does not wait for the response to another one', async () => {
    let release = (): void => {}
    const server = await sseBackend({}, ({ url }, response) => {
      if (url !== '/api/slow') return false
      release = () => response.end('"slow"')
      return true
    })
    const { client } = following(server.origin + path, options)
    const slow = client.request('slow')
    expect(await client.request('echo', 1)).toMatchObject({ payload: 1 })
    release()
    expect(await slow).toBe('slow')
  })

  it('publishes where the application says how', async () => {
    const server = await sseBackend()
    const { client, follow } = following(server.origin + path, {
      ...options,
      publish: ({ channel, type, payload }) => ({
        url: `/api/${type}`,
        body: { channel, payload },
      }),
    })
    const one = follow('room:1')
    await one.handle.ready
    await client.publish('room:1', 'said', { text: 'by me' })
    await until(() => expect(one.received).toEqual(['said by me']))
    const silent = following(server.origin + path, options)
    await expect(silent.client.publish('room:1', 'said', {})).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('asks for a new token after 401, with which the next one is made', async () => {
    const server = await sseBackend({}, ({ url, headers }, response) => {
      const isOld = url.startsWith('/api') && headers.authorization !== 'Bearer t-new'
      if (isOld) response.writeHead(401).end('{"message":"it has expired"}')
      return isOld
    })
    const reasons: string[] = []
    const auth = (reason: string): string => {
      reasons.push(reason)
      return reason === 'expiring' ? 't-new' : 't-old'
    }
    const { client, follow } = following(server.origin + path, options, {}, { auth })
    const one = follow('room:1')
    await one.handle.ready
    await expect(client.request('echo', 1)).rejects.toMatchObject({
      code: 'not-authenticated',
      message: expect.stringContaining('it has expired'),
    })
    await until(async () =>
      expect(await client.request('echo', 1)).toMatchObject({ by: 'Bearer t-new' }),
    )
    // The streams went on.
    expect(one.statuses).toEqual(['pending', 'live'])
    expect(reasons).toEqual(['connect', 'expiring'])
  })

  it.each([
    ['its address is wrong', { url: 'http://app.example.com/x', body: 1 }, 'is not encrypted'],
    ['a header of it is wrong', { url: '/x', headers: { 'x-a': 'a\nb' } }, 'invalid header value'],
    ['its method takes no body', { url: '/x', method: 'GET', body: 1 }, 'body'],
  ])('is refused where %s, and the connection goes on', async (_, wrong, text) => {
    const server = await sseBackend()
    const { client } = following(server.origin + path, { ...options, request: () => wrong })
    await expect(client.request('echo')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(text),
    })
    expect(client.state.get().name).toBe('open')
  })

  it('is lost with the server, and goes out again if it is idempotent', async () => {
    let kills = 1
    const server = await sseBackend({}, ({ url }, response) => {
      const isKilled = url === '/api/echo' && kills-- > 0
      if (isKilled) void server.kill().then(() => server.restart())
      void response
      return isKilled
    })
    const { client } = following(server.origin + path, options)
    await expect(client.request('echo', 1)).rejects.toMatchObject({ code: 'disconnected' })
    kills = 1
    expect(await client.request('echo', 2, { idempotent: true })).toMatchObject({ payload: 2 })
    expect(server.requestsOf('/api/echo')).toHaveLength(3)
  })
})

describe('a request without a response', () => {
  it('is refused alone while a stream is open', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      const isCut = url === '/api/cut'
      if (isCut) response.socket?.resetAndDestroy()
      return isCut
    })
    const { client, follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await one.handle.ready
    await expect(client.request('cut')).rejects.toMatchObject({ code: 'unreachable' })
    expect(one.statuses).toEqual(['pending', 'live'])
    expect(client.state.get().name).toBe('open')
  })
})
