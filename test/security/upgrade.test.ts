import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import { deferred, RawClient, serve } from '../server/raw-client.ts'

const origins = ['https://app.example.com']

/** Returns the printed warnings, until the end of the test. */
function warnings(): string[] {
  const texts: string[] = []
  vi.spyOn(console, 'warn').mockImplementation((text) => texts.push(String(text)))
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  return texts
}

describe('S1 an origin', () => {
  it('in the list, by scheme, host and port, can connect', async () => {
    const { url } = await serve({ origins })
    await RawClient.open(url, { headers: { origin: 'https://app.example.com' } })
  })

  it.each([
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.test',
    'https://APP.example.com',
  ])('such as %s is refused with 403 and a code before the upgrade', async (origin) => {
    warnings()
    const { server, url } = await serve({ origins })
    const { status, body } = await refusedUpgrade(url, { origin })
    expect([status, body]).toEqual([
      403,
      { code: 'origin-not-allowed', message: 'This origin is not allowed.' },
    ])
    expect(server.stats()).toMatchObject({ opens: 0, refusals: { 'origin-not-allowed': 1 } })
  })

  it('must be listed in production; otherwise the server does not start', async () => {
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
    '%j in the list is refused as an invalid option at once',
    (origin) => {
      expect(() => createRealtimeServer({ origins: [origin] })).toThrow(
        expect.objectContaining({ code: 'bad-option' }),
      )
    },
  )

  it('of null, and a missing one, have an option each', async () => {
    const printed = warnings()
    const listed = await serve({ origins })
    expect((await refusedUpgrade(listed.url, { origin: 'null' })).status).toBe(403)
    await RawClient.open(listed.url)
    const other = await serve({ origins, allowNullOrigin: true, allowMissingOrigin: false })
    await RawClient.open(other.url, { headers: { origin: 'null' } })
    expect((await refusedUpgrade(other.url)).status).toBe(403)
    expect(printed).toEqual([expect.stringContaining('`allowNullOrigin: true`')])
  })

  it.each([
    'http://localhost:5173',
    'https://app.localhost',
    'http://127.0.0.1',
    'http://127.8.9.10:1',
    'http://[::1]:3000',
  ])('of this machine, such as %s, needs no list', async (origin) => {
    const { url } = await serve()
    await RawClient.open(url, { headers: { origin } })
  })

  it.each([
    ['https://app.example.com', 'app.example.com'],
    ['https://app.example.com', 'APP.example.com:443'],
    ['http://app.example.com:8080', 'app.example.com:8080'],
  ])(
    '%s of a page served by the host %s needs no list, but causes a warning',
    async (origin, host) => {
      const printed = warnings()
      const { url } = await serve()
      await RawClient.open(url, { headers: { origin, host } })
      await RawClient.open(url, { headers: { origin, host } })
      expect(printed).toEqual([expect.stringContaining('option `origins` is missing')])
    },
  )

  it.each([
    ['https://evil.test', 'app.example.com'],
    ['https://app.example.com', 'app.example.com:8443'],
    ['http://app.example.com', 'app.example.com:443'],
    ['https://app.example.com.evil.test', 'app.example.com'],
    ['https://localhost.evil.test', 'localhost'],
    ['https://127.0.0.1.evil.test', '127.0.0.1'],
    ['null', 'app.example.com'],
    ['not an origin', 'not an origin'],
  ])('%s without a list is refused by the host %s', async (origin, host) => {
    const printed = warnings()
    const { url } = await serve()
    expect((await refusedUpgrade(url, { origin, host, cookie: 'session=1' })).status).toBe(403)
    expect(printed).toEqual([
      expect.stringContaining('option `origins` is missing'),
      expect.stringContaining(`the origin "${origin}"`),
    ])
  })

  it('that is refused is printed once, at most 20 in all, in production too', async () => {
    const printed = warnings()
    const { url } = await serve({ origins })
    const refuse = (origin: string) => refusedUpgrade(url, { origin })
    for (let n = 0; n < 2; n++) await refuse('https://first.test')
    expect(printed).toEqual([
      'wirefold: refused a connection from the origin "https://first.test". If it is yours, add it to the option `origins`.',
    ])
    for (let n = 0; n < 25; n++) await refuse(`https://n${n}.test`)
    expect(printed).toHaveLength(20)
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const live = await serve({ origins })
    await refusedUpgrade(live.url, { origin: 'https://first.test' })
    expect(printed).toHaveLength(21)
  })
})

describe('S2 the canConnect hook', () => {
  it('refuses an upgrade with 401 and a code unless it returns true', async () => {
    const failing = () => Promise.reject(new Error('db'))
    const verdicts: (() => unknown)[] = [() => false, () => undefined, () => 'yes', failing]
    const { url, errors } = await serve({ canConnect: () => verdicts.shift()?.() as boolean })
    for (let n = 0; n < 4; n++) {
      const { status, body } = await refusedUpgrade(url)
      expect([status, body.code]).toEqual([401, 'not-authenticated'])
    }
    expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'canConnect' } }])
  })

  it('reads cookies and headers, while the greeting determines the user', async () => {
    const { url } = await serve({
      canConnect: async ({ headers }) => headers.cookie === 'session=1',
      authenticate: ({ token }) => (token ? { id: token } : undefined),
    })
    expect((await refusedUpgrade(url, { cookie: 'session=2' })).status).toBe(401)
    const client = await RawClient.open(url, { headers: { cookie: 'session=1' } })
    client.send({ type: 'hello', payload: { token: 'ada' } })
    expect((await client.next('welcome')).payload).toMatchObject({ userId: 'ada' })
  })

  it('has 5 seconds, and admits no client to a server that is closed meanwhile', async () => {
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
    const requested = deferred<void>()
    const may = deferred<boolean>()
    const server = createRealtimeServer({
      canConnect: () => {
        requested.resolve()
        return may.promise
      },
    })
    server.attach(http)
    const refused = refusedUpgrade(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`)
    await requested.promise
    await server.close()
    may.resolve(true)
    expect((await refused).body.code).toBe('unavailable')
  })
})
