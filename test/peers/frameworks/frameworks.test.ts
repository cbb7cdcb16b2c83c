import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import { RawClient } from '../../server/raw-client.ts'
import { balanced, connect, until } from '../../support/live.ts'
import { installed } from '../installed.ts'
import { login, signedIn } from './signed-in.ts'

const PACKAGES = [
  ...['express@5.3.0', '@types/express@5.0.6', 'fastify@5.12.8', '@fastify/websocket@11.3.7'],
  ...['hono@4.13.19', '@hono/node-server@2.1.9'],
]

/** A program that serves wirefold beside another plugin for WebSockets. */
const BESIDE_WEBSOCKET = `
import websocket from '@fastify/websocket'
import { fastify } from 'fastify'
import { createRealtimeServer } from 'wirefold/server'
const app = fastify()
await app.register(websocket)
app.get('/echo', { websocket: true }, (socket) => socket.on('message', (text) => socket.send(String(text))))
const server = createRealtimeServer({ origins: '*' })
const attach = () => server.attach(app.server)
if (process.env.ORDER === 'before') attach()
await app.listen({ port: 0, host: process.env.HOST })
if (process.env.ORDER === 'after') attach()
console.log('listening', app.server.address())
`

let app: Packed
let removeTools = (): void => {}

beforeAll(() => {
  app = packed(['ws', '@types/node'])
  const tools = installed(PACKAGES)
  removeTools = tools.remove
  for (const name of ['express', '@types/express', 'fastify', '@fastify', 'hono', '@hono'])
    symlinkSync(join(tools.modules, name), join(app.folder, 'node_modules', name), 'junction')
  for (const file of readdirSync('examples/frameworks').filter((name) => name.endsWith('.ts')))
    cpSync(join('examples/frameworks', file), join(app.folder, file))
  app.write('beside-websocket.js', BESIDE_WEBSOCKET)
})

afterAll(() => {
  app?.remove()
  removeTools()
})

/** Runs a program until the end of the test; resolves once it listens. */
async function start(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [file], {
    cwd: app.folder,
    env: { ...process.env, NODE_ENV: 'production', ...env },
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let printed = ''
  child.stderr.on('data', (chunk) => (printed += chunk))
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const found = /port: (\d+)/.exec(printed)
      if (found) resolve(Number(found[1]))
    })
    exited.then(() => reject(new Error(`${file} ended:\n${printed}`)))
  })
  const terminate = async (): Promise<unknown> => {
    child.kill('SIGTERM')
    const [code] = await exited
    return code
  }
  return { port, terminate }
}

describe('the examples of frameworks', () => {
  it('compile with the types of these frameworks', () => {
    const options = ['--strict', '--skipLibCheck', '--types', 'node', '--target', 'es2022']
    const modules = ['--module', 'nodenext', '--rewriteRelativeImportExtensions']
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
    const programs = ['express.ts', 'fastify.ts', 'hono.ts']
    expect(app.node(tsc, ...options, ...modules, ...programs)).toBe('')
  })

  it.each(['express', 'fastify', 'hono'])(
    'serve users of %s with a cookie, and move them to another server on SIGTERM',
    async (framework) => {
      const env = { PORT: '0', SECRET: 'shared', ORIGIN: 'https://chat.example.com' }
      const one = await start(`${framework}.js`, env)
      const front = await balanced()
      front.backends.add(one.port)

      for (const body of [undefined, '{}', '{"name":" "}', '{"name":7}'])
        expect((await login(one.port, body)).status).toBe(400)

      const stranger = await RawClient.open(`ws://127.0.0.1:${one.port}/ws`)
      stranger.send({ type: 'hello' })
      expect((await stranger.closed).code).toBe(4401)

      const { client, errors } = connect(front.url, { WebSocket: await signedIn(one.port, 'ada') })
      const channels = new ChannelSubscriber(client)
      const said: unknown[] = []
      await channels.subscribe('room:1', (payload) => said.push(payload)).ready
      await client.request('say', 'hello')
      await until(() => expect(said).toEqual([{ text: 'hello', by: 'ada' }]))

      const two = await start(`${framework}.js`, env)
      front.backends.add(two.port)
      front.backends.delete(one.port)
      expect(await one.terminate()).toBe(0)
      await client.request('say', 'hello again')
      await until(() => expect(said).toContainEqual({ text: 'hello again', by: 'ada' }))
      expect(errors).toEqual([])
      client.close()
      expect(await two.terminate()).toBe(0)
    },
  )

  it.each([
    // Where this name has two addresses, Fastify listens with two HTTP servers.
    ['before', 'localhost'],
    ['after', '127.0.0.1'],
  ])('serve beside @fastify/websocket, if attached %s it listens on %s', async (ORDER, HOST) => {
    const { port } = await start('beside-websocket.js', { ORDER, HOST })
    await RawClient.greeted(`ws://${HOST}:${port}/ws`)
    const echo = await RawClient.open(`ws://${HOST}:${port}/echo`)
    echo.send({ type: 'mirrored' })
    expect(await echo.next()).toEqual({ type: 'mirrored' })
  })
})
