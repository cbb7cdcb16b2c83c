import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/live.ts'
import { kept } from '../installed.ts'

/** The folder `node_modules` with Soketi, and with the official clients and the publisher. */
export const modules = kept('pusher', {
  dependencies: {
    '@soketi/soketi': '1.6.1',
    pusher: '5.3.4',
    'pusher-js': '8.6.0',
    'laravel-echo': '2.5.0',
  },
  // The original is on GitHub only.
  overrides: { 'uWebSockets.js': 'npm:@trufflesuite/uws-js-unofficial@20.30.0-unofficial.0' },
})

/** Whether a server accepts connections at a port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** Soketi with one app, `key` and `secret`, until the end of the test. */
export async function soketi(app: Readonly<Record<string, unknown>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-soketi-'))
  const port = await freePort()
  const config = join(folder, 'config.json')
  const unlimited = {
    ...{ maxConnections: -1, maxBackendEventsPerSecond: -1, maxClientEventsPerSecond: -1 },
    ...{ maxReadRequestsPerSecond: -1, webhooks: [] },
  }
  const given = {
    id: 'app',
    key: 'key',
    secret: 'secret',
    enabled: true,
    enableClientMessages: true,
  }
  writeFileSync(
    config,
    JSON.stringify({
      host: '127.0.0.1',
      port,
      'metrics.port': await freePort(),
      'metrics.host': '127.0.0.1',
      'appManager.array.apps': [{ ...given, ...unlimited, ...app }],
    }),
  )
  let child: ChildProcess | undefined

  const start = async (): Promise<void> => {
    // It shares its port: one that was not ended would go on to answer half of the connections.
    if (await accepts(port)) throw new Error(`Another server listens on port ${port}.`)
    const program = join(modules, '@soketi/soketi/bin/server.js')
    child = spawn(process.execPath, [program, 'start', `--config=${config}`], { stdio: 'ignore' })
    await until(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      if (!response.ok) throw new Error(`Soketi answers ${response.status}.`)
    })
  }
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child
    child = undefined
    if (!running) return
    const exited = once(running, 'exit')
    running.kill(signal)
    await exited
    if (await accepts(port)) throw new Error(`Soketi has ended, and port ${port} is still open.`)
  }
  onTestFinished(async () => {
    await stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    port,
    url: `ws://127.0.0.1:${port}/app/key`,
    start,
    kill: () => stop('SIGKILL'),
    /** Ends it in order: it says so to its clients. */
    shutDown: () => stop('SIGTERM'),
  }
}
