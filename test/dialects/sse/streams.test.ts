import { describe, expect, it } from 'vitest'
import { until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { following, perChannel } from './following.ts'

describe('a stream for each channel', () => {
  it('brings the events of its channel, with their names as types', async () => {
    const server = await sseBackend()
    const { follow, errors } = following(server.origin, perChannel)
    const [one, two] = [follow('room:1'), follow('a/b ü')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.publish('room:1', 'said', { text: 'hi' })
    server.publish('a/b ü', 'left', { text: 'bye' })
    server.publish('room:2', 'said', { text: 'elsewhere' })
    await until(() => expect(two.received).toEqual(['left bye']))
    expect(one.received).toEqual(['said hi'])
    expect(server.requestsOf('/sub').map(({ headers }) => headers.authorization)).toEqual([
      'Bearer t-ana',
      'Bearer t-ana',
    ])
    expect(errors).toEqual([])
  })

  it.each(['cut', 'end'] as const)(
    'continues after the last id of its own where it is %s, while the others go on',
    async (how) => {
      const server = await sseBackend()
      const { client, follow } = following(server.origin, perChannel)
      const [one, two] = [follow('room:1'), follow('room:2')]
      await Promise.all([one.handle.ready, two.handle.ready])
      server.publish('room:1', 'said', { text: 1 })
      server.publish('room:2', 'said', { text: 2 })
      await until(() => expect([one.received, two.received]).toEqual([['said 1'], ['said 2']]))
      server.drop('room:1', how)
      server.publish('room:1', 'said', { text: 3 })
      server.publish('room:2', 'said', { text: 4 })
      await until(() => expect(one.received).toEqual(['said 1', 'said 3']))
      await until(() => expect(one.statuses.at(-1)).toBe('live'))
      expect(one.statuses).toContain('recovering')
      expect(one.statuses).not.toContain('gap')
      expect(two.received).toEqual(['said 2', 'said 4'])
      expect(two.statuses.at(-1)).toBe('live')
      expect(two.statuses).not.toContain('recovering')
      const ids = server.requestsOf('/sub/room%3A1').map(({ headers }) => headers['last-event-id'])
      expect(ids).toEqual([undefined, '1'])
      expect(client.state.get().name).toBe('open')
    },
  )

  it('comes back with all of them once a killed server is back, without loss or repetition', async () => {
    const server = await sseBackend()
    const { client, follow } = following(server.origin, perChannel)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    server.publish('room:1', 'said', { text: 1 })
    server.publish('room:2', 'said', { text: 2 })
    await until(() => expect(two.received).toEqual(['said 2']))
    await server.kill()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    server.publish('room:1', 'said', { text: 3 })
    server.publish('room:2', 'said', { text: 4 })
    await server.restart()
    await until(() => expect(one.received).toEqual(['said 1', 'said 3']))
    await until(() => expect(two.received).toEqual(['said 2', 'said 4']))
    expect([...one.statuses, ...two.statuses]).not.toContain('gap')
  })

  it.each([
    ['the server is not said to replay', {}, { replays: false }],
    ['there is no id to continue after', { withoutIds: true }, {}],
  ])('is in a gap after a loss where %s', async (_, faults, options) => {
    const server = await sseBackend(faults)
    const { follow } = following(server.origin, { ...perChannel, ...options })
    const one = follow('room:1')
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    server.drop('room:1')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
    one.handle.caughtUp()
    server.publish('room:1', 'said', { text: 2 })
    await until(() => expect(one.received.at(-1)).toBe('said 2'))
    expect(one.statuses.at(-1)).toBe('live')
  })

  it('is in a gap after a loss where the id cannot be sent', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await one.handle.ready
    server.write('id: \u0001\ndata: {"text":1}\n\n')
    await until(() => expect(one.received).toEqual(['message 1']))
    server.drop('room:1')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
  })

  it('is in a gap where the server says that it does not know the id', async () => {
    const server = await sseBackend({ forgets: true })
    const { follow } = following(server.origin, {
      ...perChannel,
      read: ({ type }) => ({ gap: type === 'reset' }),
    })
    const one = follow('room:1')
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    server.drop('room:1')
    server.publish('room:1', 'said', { text: 'lost' })
    await until(() => expect(one.statuses.slice(-2)).toEqual(['recovering', 'live']))
    server.write('event: reset\ndata: {}\n\n')
    await until(() => expect(one.statuses.at(-1)).toBe('gap'))
    one.handle.caughtUp()
    server.publish('room:1', 'said', { text: 2 })
    await until(() => expect(one.received).toEqual(['said 1', 'said 2']))
    // The stream itself went on.
    expect(server.requestsOf('/sub')).toHaveLength(2)
  })

  it.each([
    ['secret', 'forbidden', 'forbidden'],
    ['none', 'not-found', 'no such channel'],
  ])('is refused alone: %s', async (channel, code, text) => {
    const server = await sseBackend()
    const { client, follow } = following(server.origin, perChannel)
    const [one, other] = [follow('room:1'), follow(channel)]
    await expect(other.handle.ready).rejects.toMatchObject({
      code,
      message: `The server refused ${channel}: ${text}`,
    })
    await one.handle.ready
    expect(one.handle.status.get().name).toBe('live')
    expect(client.state.get().name).toBe('open')
    expect(server.requestsOf(`/sub/${channel}`)).toHaveLength(1)
  })

  it('ends its channel with 204', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const one = follow('over')
    await until(() => expect(one.statuses.at(-1)).toBe('ended'))
    expect(server.requestsOf('/sub/over')).toHaveLength(1)
  })

  it('is requested again after 503, and no sooner than Retry-After wants', async () => {
    let answers = [
      { status: 503, headers: {} },
      { status: 503, headers: { 'retry-after': '1' } },
    ]
    const times: number[] = []
    const server = await sseBackend({}, (_, response) => {
      times.push(performance.now())
      const [answer, ...rest] = answers
      answers = rest
      if (answer) response.writeHead(answer.status, answer.headers).end()
      return answer !== undefined
    })
    const { follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await until(() => expect(one.statuses.at(-1)).toBe('live'))
    expect(one.statuses).toEqual(['pending', 'refused', 'pending', 'live'])
    expect(one.handle.status.get().name).toBe('live')
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(995)
  })

  it('is requested again no sooner than `retry:` wants', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await one.handle.ready
    server.write('retry: 1200\n\n')
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    const cutAt = performance.now()
    server.drop('room:1')
    await until(() => expect(server.requestsOf('/sub')).toHaveLength(2))
    expect(performance.now() - cutAt).toBeGreaterThan(1_190)
  })

  it('closes with the last handler of its channel', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    expect(server.streams()).toBe(2)
    one.handle()
    await until(() => expect(server.streams()).toBe(1))
    const again = follow('room:1')
    await again.handle.ready
    // A new subscription does not continue the former one.
    expect(server.requestsOf('/sub/room%3A1').at(-1)?.headers['last-event-id']).toBeUndefined()
  })

  it('begins anew with renew()', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await one.handle.ready
    server.publish('room:1', 'said', { text: 1 })
    await until(() => expect(one.received).toEqual(['said 1']))
    one.handle.renew()
    await until(() => expect(server.requestsOf('/sub')).toHaveLength(2))
    await until(() => expect(one.statuses.at(-1)).toBe('live'))
    expect(server.requestsOf('/sub')[1]?.headers['last-event-id']).toBeUndefined()
    await until(() => expect(server.streams()).toBe(1))
  })

  it('is lost where nothing arrives, comments included', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel, { silenceMs: 300 })
    const one = follow('room:1')
    await one.handle.ready
    await until(() => expect(server.requestsOf('/sub').length).toBeGreaterThan(1))
    expect(one.statuses).toContain('recovering')
  })

  it('asks for new credentials after 401, with which every stream is requested', async () => {
    const server = await sseBackend()
    const reasons: string[] = []
    const auth = (reason: string): string => {
      reasons.push(reason)
      return reason === 'refused' ? 't-ana' : 'old'
    }
    const { follow } = following(server.origin, perChannel, {}, { auth })
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    expect(reasons).toEqual(['connect', 'refused'])
  })

  it('fails the connection where the new credentials are refused, too', async () => {
    const server = await sseBackend()
    const { client, follow } = following(server.origin, perChannel, {}, { auth: () => 'bad' })
    const one = follow('room:1')
    await expect(one.handle.ready).rejects.toMatchObject({
      code: 'failed',
      detail: { closeCode: 4401 },
    })
    expect(client.state.get().name).toBe('failed')
    expect(server.requestsOf('/sub')).toHaveLength(2)
  })

  it('reads streams cut at any byte, with comments, CR and LF', async () => {
    const server = await sseBackend()
    const { follow } = following(server.origin, perChannel)
    const one = follow('room:1')
    await one.handle.ready
    const text =
      'retry\r\n: a comment\r\nid: x\r\n\r\nevent: said\rdata: {"text":\rdata: "é🜁"}\r\r' +
      'data\n\nevent:left\nid\ndata:{"text":2}\n\n'
    for (const byte of Buffer.from(text)) {
      server.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => expect(one.received).toEqual(['said é🜁', 'message ""', 'left 2']))
  })
})
