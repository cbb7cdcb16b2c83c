import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loggable } from '../../src/base/logger.ts'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import { RawClient, serve } from '../server/raw-client.ts'

const SECRET = 'hunter2'

describe('S17 the log of a server', () => {
  it('lists connects, subscribes, requests, refusals and disconnects', async () => {
    const lines: string[] = []
    const { server, url } = await serve({
      logger: (area, line) => lines.push(`${area}: ${line}`),
      authenticate: ({ token }) => (token ? { id: token } : null),
      authorize: (_, channel) => channel !== 'secret',
    })
    server.handle('note', () => {})
    const client = await RawClient.greeted(url, { token: 'ada' })
    await client.subscribe('news', 'secret')
    await client.request({ type: 'note' })
    await client.request({ type: 'unknown' })
    const { id } = server.connections()[0] ?? {}
    client.ws.terminate()
    await expect.poll(() => server.stats().connections).toBe(0)
    await refusedUpgrade(`${url}/nowhere?token=${SECRET}`)
    expect(lines.map((line) => line.replace(/\d+ ms/, 'n ms'))).toEqual([
      `connection: ${id} opened, native`,
      `connection: ${id} is ada`,
      `channels: ${id} subscribed to news`,
      `channels: ${id} refused secret: forbidden`,
      `requests: ${id} request note`,
      `requests: ${id} request unknown`,
      `connection: ${id} closed after n ms`,
      'connection: refused /ws/nowhere: 404 not-found',
    ])
  })

  it('contains no tokens, no payloads, no control characters, and no long names', async () => {
    const lines: string[] = []
    const { server, url, errors } = await serve({
      logger: (area, line) => lines.push(`${area}: ${line}`),
      authenticate: ({ token }) => ({
        id: token === SECRET ? `ada\u202e\n${'x'.repeat(100)}` : '',
      }),
    })
    server.handle('fail', (payload) => {
      throw new Error(`no ${payload}`)
    })
    const client = await RawClient.greeted(url, { token: SECRET })
    await client.subscribe('a\u009b2J', 'fine\u2028forged')
    await client.request({ type: `fail`, payload: SECRET })
    await client.request({ type: `b\r\n${'y'.repeat(100)}`, payload: SECRET })
    await client.request({ type: 'auth', payload: { token: `${SECRET}!` } })
    const text = lines.join('\n')
    expect(lines.length).toBeGreaterThan(6)
    expect(errors).toHaveLength(2)
    expect(text).not.toContain(SECRET)
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text).toContain('ada\\u{202e}\\nxxx')
    expect(text).not.toMatch(/x{65}|y{65}/)
  })

  it('does not affect clients if its logger throws', async () => {
    const { url, errors } = await serve({
      logger: () => {
        throw new Error('disk full')
      },
    })
    const client = await RawClient.greeted(url)
    expect(await client.settled()).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
  })

  it('is written to the console if DEBUG enables it', async () => {
    vi.stubEnv('DEBUG', 'wirefold:channels')
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {})
    onTestFinished(() => {
      vi.unstubAllEnvs()
      debug.mockRestore()
    })
    const { url } = await serve()
    await (await RawClient.greeted(url)).subscribe('a')
    expect(debug.mock.calls).toEqual([
      [expect.stringMatching(/^wirefold:channels [\w-]{22} subscribed to a$/)],
    ])
  })
})

describe('a name in a log', () => {
  it.each([
    ['plain', 'plain'],
    ['a\nb', 'a\\nb'],
    ['a"b', 'a\\"b'],
    ['\u001b[2J', '\\u001b[2J'],
    ['\u007f\u009b', '\\u{7f}\\u{9b}'],
    ['\u202eevil\u2066', '\\u{202e}evil\\u{2066}'],
    ['\u2028', '\\u{2028}'],
    ['x'.repeat(65), 'x'.repeat(64)],
  ])('%j is written as %j', (name, line) => {
    expect(loggable(name)).toBe(line)
  })
})
