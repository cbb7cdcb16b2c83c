import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import { deferred, RawClient, serve } from '../server/raw-client.ts'

const origins = ['https://app.example.com']

describe('S1 an origin', () => {
  it('that is on the list, by scheme, host and port, may connect', async () => {
    const { url } = await serve({ origins })
    await RawClient.open(url, { headers: { origin: 'https://app.example.com' } })
  })

  it.each([
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.test',
    'https://APP.example.com',
  ])('such as %s hears 403, with a reason for programs, before it is a socket', async (origin) => {
    const { server, url } = await serve({ origins })
    const { status, body } = await refusedUpgrade(url, { origin })
    expect([status, body]).toEqual([
      403,
      { code: 'origin-not-allowed', message: 'This origin is not allowed.' },
    ])
    expect(server.stats()).toMatchObject({ opens: 0, refusals: { 'origin-not-allowed': 1 } })
  })

  it('has to be named in production, where the server does not start without', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const start = async (options: Parameters<typeof createRealtimeServer>[0]) => {
      const server = createRealtimeServer(options)
      onTestFinished(() => server.close())
      await server.listen()
    }
    await expect(start({})).rejects.toMatchObject({
      code: 'bad-option',
      detail: { option: 'origins' },
      message: expect.stringContaining('List the origins'),
    })
    await start({ origins })
    await start({ origins: '*' })
  })

  it.each(['https://app.example.com/', 'app.example.com', '*', 'HTTPS://app.example.com'])(
    '%j on the list is a mistake, which is told at once',
    (origin) => {
      expect(() => createRealtimeServer({ origins: [origin] })).toThrow(
        expect.objectContaining({ code: 'bad-option' }),
      )
    },
  )

  it('of null, and none at all, have a switch each', async () => {
    const listed = await serve({ origins })
    expect((await refusedUpgrade(listed.url, { origin: 'null' })).status).toBe(403)
    await RawClient.open(listed.url)
    const other = await serve({ origins, allowNullOrigin: true, allowMissingOrigin: false })
    await RawClient.open(other.url, { headers: { origin: 'null' } })
    expect((await refusedUpgrade(other.url)).status).toBe(403)
  })
})

describe('S2 the hook that sees the upgrade request', () => {
  it('refuses it with 401 and a reason by anything but true', async () => {
    const failing = () => Promise.reject(new Error('db'))
    const verdicts: (() => unknown)[] = [() => false, () => undefined, () => 'yes', failing]
    const { url, errors } = await serve({ canConnect: () => verdicts.shift()?.() as boolean })
    for (let n = 0; n < 4; n++) {
      const { status, body } = await refusedUpgrade(url)
      expect([status, body.code]).toEqual([401, 'not-authenticated'])
    }
    expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'canConnect' } }])
  })

  it('reads cookies and headers; who is there is settled by the greeting all the same', async () => {
    const { url } = await serve({
      canConnect: async ({ headers }) => headers.cookie === 'session=1',
      authenticate: ({ token }) => (token ? { id: token } : undefined),
    })
    expect((await refusedUpgrade(url, { cookie: 'session=2' })).status).toBe(401)
    const client = await RawClient.open(url, { headers: { cookie: 'session=1' } })
    client.send({ type: 'hello', payload: { token: 'ada' } })
    expect((await client.next('welcome')).payload).toMatchObject({ userId: 'ada' })
  })

  it('has 5 seconds, and lets in nobody who came for a server that closes meanwhile', async () => {
    const clock = new ManualClock()
    const slow = await serve({ clock, canConnect: () => new Promise(() => {}) })
    const late = refusedUpgrade(slow.url)
    await expect.poll(() => clock.timers).toBe(1)
    await clock.advance(5_000)
    expect((await late).status).toBe(401)

    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      http.close()
    })
    const asked = deferred<void>()
    const may = deferred<boolean>()
    const server = createRealtimeServer({
      canConnect: () => {
        asked.resolve()
        return may.promise
      },
    })
    server.attach(http)
    const refused = refusedUpgrade(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`)
    await asked.promise
    await server.close()
    may.resolve(true)
    expect((await refused).body.code).toBe('unavailable')
  })
})
