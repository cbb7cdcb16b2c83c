import { expect, it } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { RawClient, serve } from './raw-client.ts'

it.each([
  ['throws', () => fail()],
  ['rejects', async () => fail()],
])('a logger that %s is reported, and disturbs no connection', async (_, logger) => {
  const errors: unknown[] = []
  const options: RealtimeServerOptions = { logger, onError: (error) => errors.push(error) }
  const { url } = await serve(options)
  const client = await RawClient.greeted(url)
  client.send({ type: 'ping', payload: { timestamp: 1 } })
  await client.next('pong')
  await expect.poll(() => errors).toContainEqual(new Error('no disk'))
})

function fail(): never {
  throw new Error('no disk')
}
