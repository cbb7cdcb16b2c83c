import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { behindProxies } from 'wirefold/server'
import { WebSocket } from 'ws'
import { blockWith } from '../../documents/blocks.ts'
import { RawClient } from '../../server/raw-client.ts'
import { freePort } from '../../support/free-port.ts'
import { connect, serve, until } from '../../support/live.ts'
import { nginxCommand, nginxConfiguration } from '../nginx.ts'

/** The time after which the proxies of the tests cut an idle connection. */
const CUT = '5s'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A proxy, with the configuration of the documents. */
interface Proxy {
  readonly name: string
  /** A text of the block that has its configuration. */
  readonly text: string
  /** Returns the configuration file for that block. */
  configuration(block: string, folder: string): string
  command(file: string): readonly [command: string, ...args: string[]]
}

const nginx: Proxy = {
  name: 'nginx',
  text: 'proxy_pass',
  configuration: (block, folder) => nginxConfiguration(folder, block),
  command: nginxCommand,
}

const haproxy: Proxy = {
  name: 'haproxy',
  text: 'default_backend',
  configuration: (block) => block,
  command: (file) => ['haproxy', '-db', '-f', file],
}

/** Starts a proxy before a server until the end of the test; resolves with its address. */
async function start(proxy: Proxy, behind: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-proxy-'))
  const port = await freePort()
  const values = { '8080': `${port}`, '3000': `${behind}`, '60s': CUT }
  const block = Object.entries(values).reduce((text, [documented, own]) => {
    expect(text).toContain(documented)
    return text.replaceAll(documented, own)
  }, blockWith('docs/guides/deployment.md', proxy.text).code)
  const file = join(folder, 'proxy.conf')
  writeFileSync(file, proxy.configuration(block, folder))
  const [command, ...args] = proxy.command(file)
  const child = spawn(command, args)
  let printed = ''
  child.stderr.on('data', (chunk) => (printed += chunk))
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  })
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${proxy.name} ended:\n${printed}`)
    await fetch(`http://127.0.0.1:${port}/`)
  })
  return `ws://127.0.0.1:${port}/ws`
}

/** Opens a WebSocket; resolves with `open`, or the status of the refusal. */
function open(url: string, localAddress: string, headers = {}): Promise<number | 'open'> {
  const ws = new WebSocket(url, { localAddress, headers })
  onTestFinished(() => ws.terminate())
  return new Promise((resolve, reject) => {
    ws.on('open', () => resolve('open'))
    ws.on('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
    ws.on('error', reject)
  })
}

/** Whether a program is installed; prints a warning if not, and throws where `CI` is set. */
function isInstalled({ name }: Proxy): boolean {
  if (spawnSync(name, ['-v']).status === 0) return true
  const message = `\n*** No ${name}: its tests are SKIPPED. Install it (Debian: apt-get install ${name}).\n`
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
  return false
}

for (const proxy of [nginx, haproxy]) {
  describe.runIf(isInstalled(proxy))(`a server behind ${proxy.name}`, () => {
    it('keeps idle connections by the heartbeat of clients, which the proxy cuts otherwise', async () => {
      const idle = await RawClient.greeted(await start(proxy, (await serve()).port))
      const { server, port } = await serve({ heartbeatMs: 1_000 })
      const url = await start(proxy, port)
      const { client, errors } = connect(url)
      const states: string[] = []
      client.state.subscribe(({ name }) => states.push(name))
      const received: unknown[] = []
      const channels = new ChannelSubscriber(client)
      await channels.subscribe('room', (payload) => received.push(payload)).ready
      await sleep(8_000)
      const text = 'x'.repeat(1_000_000)
      await server.publish('room', 'said', text)
      await until(() => expect(received).toEqual([text]))
      expect(states.slice(states.indexOf('open'))).toEqual(['open'])
      expect(errors).toEqual([])
      // Without a close frame.
      expect(await idle.closed).toEqual({ code: 1006, reason: '' })
    })

    it('counts connections by the address of the client, which no header of the client changes', async () => {
      const { port } = await serve({
        clientAddress: behindProxies(['127.0.0.1']),
        limits: { perAddress: { connections: 2 } },
      })
      const url = await start(proxy, port)
      const forged = { 'X-Forwarded-For': '203.0.113.7' }
      expect(await open(url, '127.0.0.2')).toBe('open')
      expect(await open(url, '127.0.0.2')).toBe('open')
      expect(await open(url, '127.0.0.2')).toBe(429)
      expect(await open(url, '127.0.0.2', forged)).toBe(429)
      expect(await open(url, '127.0.0.3', forged)).toBe('open')
      const direct = `ws://127.0.0.1:${port}/ws`
      for (const outcome of ['open', 'open', 429]) {
        expect(await open(direct, '127.0.0.4', forged)).toBe(outcome)
      }
      expect(await open(url, '127.0.0.3')).toBe('open')
    })

    it('counts no connections by address unless its proxies are named', async () => {
      const { port } = await serve({ limits: { perAddress: { connections: 1 } } })
      const url = await start(proxy, port)
      for (let n = 0; n < 3; n++) expect(await open(url, '127.0.0.2')).toBe('open')
    })
  })
}
