import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SseDialectOptions } from 'wirefold/dialects/sse'
import { following, perChannel } from '../../dialects/sse/following.ts'
import { until } from '../../support/live.ts'
import type { Installed } from '../installed.ts'
import { installed } from '../installed.ts'
import type { Running } from './running.ts'
import { betterSse, NCHAN, nchan } from './running.ts'

/** The statuses of a channel after that with which a follower begins. */
const whole = ['live', 'recovering', 'live']

async function publish({ origin }: Running, channel: string, text: string): Promise<void> {
  const body = JSON.stringify({ channel, event: 'said', data: { text } })
  const headers = { authorization: 'Bearer t-ana' }
  const { ok } = await fetch(`${origin}/publish`, { method: 'POST', headers, body })
  expect(ok).toBe(true)
}

describe('better-sse', () => {
  let packages: Installed
  beforeAll(() => {
    packages = installed(['better-sse@0.16.1'])
  })
  afterAll(() => packages.remove())

  const options: SseDialectOptions = {
    request: ({ type, payload }) => ({ url: `/api/${type}`, body: payload }),
    publish: ({ channel, type, payload }) => ({
      url: '/publish',
      body: { channel, event: type, data: payload },
    }),
    replays: true,
  }

  it.each([
    ['one stream for all channels', '/events', options],
    ['a stream for each channel', '', { ...options, stream: perChannel.stream }],
  ])('is followed over %s, also after it was killed', async (_, path, how) => {
    const server = await betterSse(packages.modules)
    const { client, follow, errors } = following(server.origin + path, how)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    await publish(server, 'room:1', 'a')
    await client.publish('room:2', 'said', { text: 'b' })
    await until(() => expect([one.received, two.received]).toEqual([['said a'], ['said b']]))
    expect(await client.request('echo', { n: 1 })).toEqual({ payload: { n: 1 } })
    await expect(client.request('missing', {})).rejects.toMatchObject({
      ...{ code: 'not-found', message: expect.stringContaining('there is no missing') },
    })
    await server.kill()
    await until(() => expect(one.statuses.at(-1)).toBe('recovering'))
    await server.restart()
    // What another process publishes meanwhile is replayed, or live.
    await publish(server, 'room:1', 'c')
    await publish(server, 'room:2', 'd')
    await until(() => expect(one.received).toEqual(['said a', 'said c']))
    await until(() => expect(two.received).toEqual(['said b', 'said d']))
    await until(() =>
      expect([one.statuses.slice(-3), two.statuses.slice(-3)]).toEqual([whole, whole]),
    )
    expect(errors).toEqual([])
    client.close()
    await publish(server, 'room:1', 'e')
    await client.connect()
    await until(() => expect(one.received).toEqual(['said a', 'said c', 'said e']))
    expect(one.statuses).not.toContain('gap')
  })

  it('refuses wrong credentials, and one channel', async () => {
    const server = await betterSse(packages.modules)
    const all = { ...options, stream: perChannel.stream }
    const bad = following(server.origin, all, {}, { auth: () => 'bad' })
    await expect(bad.follow('room:1').handle.ready).rejects.toMatchObject({ code: 'failed' })
    const { follow } = following(server.origin, all)
    await expect(follow('secret').handle.ready).rejects.toMatchObject({ code: 'forbidden' })
    await follow('room:1').handle.ready
  })
})

if (!existsSync(NCHAN)) {
  const message =
    '\n*** No nchan: its tests are SKIPPED. Install it (Debian: apt-get install nginx libnginx-mod-nchan),\n' +
    '*** or name the file of the module in WIREFOLD_NCHAN.\n'
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
}

describe.runIf(existsSync(NCHAN))('nchan', () => {
  const options: SseDialectOptions = {
    stream: perChannel.stream,
    publish: ({ channel, type, payload }) => ({
      url: `/pub/${encodeURIComponent(channel ?? '')}`,
      headers: { 'x-eventsource-event': type },
      body: payload,
    }),
    replays: true,
  }

  it('is followed by a stream for each channel, and replays what was missed', async () => {
    const server = await nchan()
    const { client, follow, errors } = following(server.origin, options)
    const other = following(server.origin, options)
    const [one, two] = [follow('room:1'), follow('room:2')]
    await Promise.all([one.handle.ready, two.handle.ready])
    await other.client.publish('room:1', 'said', { text: 'a' })
    await other.client.publish('room:2', 'left', { text: 'b' })
    await until(() => expect([one.received, two.received]).toEqual([['said a'], ['left b']]))
    client.close()
    for (const text of ['c', 'd', 'e']) await other.client.publish('room:1', 'said', { text })
    await client.connect()
    await until(() => expect(one.received).toEqual(['said a', 'said c', 'said d', 'said e']))
    await until(() => expect(two.statuses.at(-1)).toBe('live'))
    await other.client.publish('room:2', 'said', { text: 'f' })
    await until(() => expect(two.received).toEqual(['left b', 'said f']))
    expect([...one.statuses, ...two.statuses]).not.toContain('gap')
    expect(errors).toEqual([])
  })

  it('is followed again after it was killed', async () => {
    const server = await nchan()
    const { client, follow } = following(server.origin, options)
    const one = follow('room:1')
    await one.handle.ready
    await client.publish('room:1', 'said', { text: 'a' })
    await until(() => expect(one.received).toEqual(['said a']))
    await server.kill()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    await server.restart()
    await until(() => expect(one.statuses.at(-1)).toBe('live'))
    await client.publish('room:1', 'said', { text: 'b' })
    await until(() => expect(one.received).toEqual(['said a', 'said b']))
  })

  it('refuses wrong credentials, and one channel', async () => {
    const server = await nchan()
    const bad = following(server.origin, options, {}, { auth: () => 'bad' })
    await expect(bad.follow('room:1').handle.ready).rejects.toMatchObject({ code: 'failed' })
    const { follow } = following(server.origin, options)
    await expect(follow('secret').handle.ready).rejects.toMatchObject({ code: 'forbidden' })
    await follow('room:1').handle.ready
  })
})
