import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AllowStats } from 'wirefold/server'
import { RawClient, serve } from '../raw-client.ts'

async function statsAt(allow: AllowStats) {
  const served = await serve({ authenticate: ({ token }) => (token ? { id: token } : null) })
  const http = createServer(served.server.statsHandler(allow))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const get = (headers = {}) =>
    fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/stats`, { headers })
  return { ...served, get }
}

describe('/stats', () => {
  it('returns the stats of the server to allowed requests', async () => {
    const { url, get } = await statsAt(({ headers }) => headers.authorization === 'Bearer s')
    const client = await RawClient.greeted(url, { token: 'ada' })
    await client.subscribe('a', 'user:bob')
    const response = await get({ authorization: 'Bearer s' })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      uptimeMs: expect.any(Number),
      connections: 1,
      users: 1,
      channels: 1,
      subscriptions: 1,
      opens: 1,
      closes: 0,
      lifetimeMs: 0,
      received: 2,
      sent: 2,
      refusals: { forbidden: 1 },
      slowConsumers: 0,
      withheldEvents: 0,
      closedSlowConsumers: 0,
      droppedBroadcasts: 0,
      unlistedTypes: 0,
      contractDifferences: 0,
    })
    expect((await get()).status).toBe(403)
  })

  it.each<[string, () => unknown]>([
    ['returns nothing', () => undefined],
    ['returns a truthy value', () => 'yes'],
    ['rejects', () => Promise.reject(new Error('db'))],
    [
      'throws',
      () => {
        throw new Error('db')
      },
    ],
  ])('is refused if the guard %s', async (_, allow) => {
    const { get } = await statsAt(allow as AllowStats)
    const response = await get()
    expect([response.status, await response.json()]).toEqual([
      403,
      { code: 'forbidden', message: 'This is not allowed.' },
    ])
  })
})
