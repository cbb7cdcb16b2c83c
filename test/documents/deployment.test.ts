import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerOptions } from 'vite'
import { createServer } from 'vite'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { freePort } from '../support/free-port.ts'
import { connect, serve } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/deployment.md'

it('the proxy of Vite passes the sockets of the guide on', async () => {
  const { server: realtime, port: behind } = await serve()
  realtime.handle('add', (payload) => Object(payload)[0] + Object(payload)[1])
  const block = blockWith(PAGE, 'ws: true')
  const code = block.code.replace(':3000', `:${behind}`)
  const { default: config } = await run<{ default: { server: ServerOptions } }>({ ...block, code })
  const root = mkdtempSync(join(tmpdir(), 'wirefold-vite-proxy-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const port = await freePort()
  const vite = await createServer({
    ...{ root, configFile: false, logLevel: 'silent' },
    server: { ...config.server, port, strictPort: true, host: '127.0.0.1' },
  })
  onTestFinished(() => vite.close())
  await vite.listen()
  class FromThePage extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { origin: `http://localhost:${port}` })
    }
  }
  const { client } = connect(`ws://127.0.0.1:${port}/ws`, { WebSocket: FromThePage })
  expect(await client.request('add', [1, 2])).toBe(3)
  client.close()
})
