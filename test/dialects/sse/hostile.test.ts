import { describe, expect, it } from 'vitest'
import { until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { following, perChannel, shared } from './following.ts'

const LONGEST = 4 * 1024 * 1024

describe.each([
  ['one stream', '/events', shared],
  ['a stream for each channel', '', perChannel],
])('a client over %s', (_, path, options) => {
  it('reports events that it cannot read, and goes on', async () => {
    const server = await sseBackend()
    const { client, follow, errors } = following(server.origin + path, options)
    const one = follow('room:1')
    await one.handle.ready
    const tooDeep = `${'['.repeat(65)}${']'.repeat(65)}`
    server.write(`data: {\n\ndata: ${tooDeep}\n\ndata: "${'x'.repeat(LONGEST)}"\n\n`)
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    expect(errors).toMatchObject([
      { code: 'bad-frame', detail: { reason: 'its data is not JSON' } },
      { code: 'bad-frame', detail: { reason: 'its data is not JSON' } },
      { code: 'bad-frame', detail: { reason: 'longer than 4194304 characters' } },
    ])
    expect(client.state.get().name).toBe('open')
  })

  it('removes the key __proto__ from events and replies', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      const isCall = url === '/api/proto'
      if (isCall) response.end('{"__proto__":{"a":1},"b":2}')
      return isCall
    })
    const { client, follow } = following(server.origin + path, options)
    const one = follow('room:1')
    await one.handle.ready
    server.write('data: {"channel":"room:1","__proto__":{"text":"from the prototype"}}\n\n')
    await until(() => expect(one.received).toEqual(['message {"channel":"room:1"}']))
    const reply = await client.request('proto')
    expect(Object.keys(Object(reply))).toEqual(['b'])
    expect(Object(reply).a).toBeUndefined()
  })

  it('refuses a response without an end, once it is too long', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      if (url !== '/api/flood') return false
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(1024 * 1024), more)
      }
      more()
      return true
    })
    const { client } = following(server.origin + path, options)
    await expect(client.request('flood')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('longer than'),
    })
    expect(await client.request('echo', 1)).toMatchObject({ payload: 1 })
  })

  it('takes any text as the response of a status', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      const isCall = url === '/api/page'
      if (isCall) response.writeHead(502, { 'retry-after': 'soon' }).end('<h1>Bad gateway</h1>')
      return isCall
    })
    const { client } = following(server.origin + path, options)
    await expect(client.request('page')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('<h1>Bad gateway</h1>'),
      detail: { retryable: true },
    })
  })
})

describe('a stream for each channel', () => {
  it('is refused where the response is a page', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      const isPage = url === '/sub/page'
      if (isPage) response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
      return isPage
    })
    const { follow } = following(server.origin, perChannel)
    await expect(follow('page').handle.ready).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('text/html instead of text/event-stream'),
    })
  })

  it('is refused where its address is wrong, and where it follows a redirect', async () => {
    const server = await sseBackend({}, ({ url }, response) => {
      const isMoved = url === '/sub/moved'
      if (isMoved) response.writeHead(302, { location: '/sub/elsewhere' }).end()
      return isMoved
    })
    const { follow, errors } = following(server.origin, {
      stream: (channel) => {
        if (channel === 'thrown') throw new Error('there is no such stream')
        return { url: channel === 'plain' ? 'http://app.example.com/x' : `/sub/${channel}` }
      },
    })
    await follow('room:1').handle.ready
    await expect(follow('plain').handle.ready).rejects.toMatchObject({ code: 'unreachable' })
    await expect(follow('thrown').handle.ready).rejects.toMatchObject({ code: 'dialect-failed' })
    const moved = follow('moved')
    await until(() => expect(server.requestsOf('/sub/moved').length).toBeGreaterThan(1))
    expect(moved.statuses).toEqual(['pending'])
    expect(server.requestsOf('/sub/elsewhere')).toEqual([])
    expect(errors).toEqual([])
  })
})
