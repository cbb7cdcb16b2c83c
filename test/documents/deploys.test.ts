import { once } from 'node:events'
import * as http from 'node:http'
import { expect, it, onTestFinished, vi } from 'vitest'
import { contract } from 'wirefold/contract'
import type { RealtimeServer } from 'wirefold/server'
import { z } from 'zod'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/deploys.md'

it('the program of the guide is unhealthy from SIGTERM on, and ends its connections', async () => {
  const servers: http.Server[] = []
  const createServer = (listener: http.RequestListener) => {
    const made = http.createServer(listener)
    servers.push(made)
    const { listen } = made
    // The page's port may be in use.
    vi.spyOn(made, 'listen').mockImplementation(() =>
      listen.call(made, { port: 0, host: '127.0.0.1' }),
    )
    onTestFinished(() => void made.close())
    return made
  }
  const signals: (() => Promise<void>)[] = []
  const process = { once: (_: string, run: () => Promise<void>) => signals.push(run) }
  const { server } = await run<{ server: RealtimeServer }>(blockWith(PAGE, "'SIGTERM'"), {
    given: { process },
    modules: { 'node:http': { createServer } },
  })
  const [listening] = servers
  if (!listening) throw new Error('The program has no HTTP server.')
  if (!listening.listening) await once(listening, 'listening')
  const address = listening.address()
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const health = async () => (await fetch(`http://${host}/health`)).status
  const { client } = connect(`ws://${host}/ws`, { backoff: { maxRetries: 1 } })
  client.on('failed', () => {})
  await client.connect()
  expect(await health()).toBe(200)
  const [sigterm] = signals
  const ended = sigterm?.()
  expect(await health()).toBe(503)
  // It has no channels, so it need not move.
  await ended
  expect(server.connections()).toEqual([])
})

it('the page of the guide says that there is a new version', async () => {
  const shop = (field: string) =>
    contract({ channels: { shop: { changed: z.object({ [field]: z.number() }) } } })
  const { url } = await serve({ contract: shop('price') })
  const { client } = connect(url, { contract: shop('cost') })
  const show = vi.fn()
  await run(blockWith(PAGE, "client.on('contract'"), { given: { client, show } })
  await client.connect()
  await until(() => expect(show).toHaveBeenCalledWith('update', expect.any(String)))
})
