import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { VitePlugin, WirefoldOptions } from 'wirefold/vite'
import { until } from '../support/live.ts'

/** A version of Vite, with the plugin for it. */
export interface ViteUnderTest {
  createServer(config: ViteAppConfig): Promise<DevServerUnderTest>
  preview(config: ViteAppConfig): Promise<ServerUnderTest>
  wirefold(options: WirefoldOptions): VitePlugin
  /** Folder for applications; they find the package in a `node_modules` above it, or by alias. */
  readonly folder?: string
  readonly alias?: readonly { readonly find: RegExp; readonly replacement: string }[]
}

/** The part of Vite's configuration that the tests set. */
export interface ViteAppConfig {
  readonly [option: string]: unknown
}

/** A server of `vite dev` or `vite preview`. */
export interface ServerUnderTest {
  readonly httpServer: Pick<Server, 'address'> | null
  close(): Promise<void>
}

/** A server of `vite dev`. */
export interface DevServerUnderTest extends ServerUnderTest {
  listen(): Promise<unknown>
  restart(): Promise<void>
}

/** An application of one test, with what Vite has logged. */
export function viteApp({ wirefold, folder = tmpdir(), alias = [] }: ViteUnderTest) {
  const root = realpathSync(mkdtempSync(join(folder, 'app-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (file: string, text: string): void => writeFileSync(join(root, file), text)
  const logged: string[] = []
  const log = (message: string): void => void logged.push(message)
  const customLogger = {
    ...{ hasWarned: false, hasErrorLogged: () => false },
    ...{ info() {}, clearScreen() {}, error: log, warn: log, warnOnce: log },
  }
  const address = { host: '127.0.0.1', port: 0 }
  const config = (options: Partial<WirefoldOptions> = {}): ViteAppConfig => ({
    ...{ root, configFile: false, customLogger, resolve: { alias: [...alias] } },
    ...{ server: { ...address, ws: undefined }, preview: address },
    optimizeDeps: { noDiscovery: true },
    plugins: [wirefold({ path: '/live', setup: 'setup.ts', workers: ['worker.ts'], ...options })],
  })
  write('suffix.ts', "export const suffix = ''")
  write('setup.ts', setupModule(1))
  write('worker.ts', workerModule(1))
  write('index.html', '<title>an application</title>')
  mkdirSync(join(root, 'dist'))
  write('dist/index.html', '<title>a built application</title>')
  onTestFinished(() => void Reflect.deleteProperty(globalThis, LOG))
  return { root, write, config, logged, workers: (): unknown => Reflect.get(globalThis, LOG) }
}

/** The name of the global that workers write to. */
const LOG = 'wirefoldViteTest'

/** A setup module for the path `/live`; its version is the reply to the request `version`. */
export const setupModule = (version: number): string => `
import { sharedServer } from 'wirefold/server'
import { suffix } from './suffix.ts'

const server = sharedServer('/live', {
  origins: '*',
  authorize: (_user: unknown, channel: string) => ['room', 'room:${version}'].includes(channel),
})
let connected = 0
server.setUp(() => {
  server.on('connected', () => void connected++)
  server.handle('version', () => '${version}' + suffix)
  server.handle('connected', () => connected)
  server.handle('say', async (text: string) => void (await server.publish('room', 'said', text)))
})
`

/** A worker that logs its start and its end. */
export const workerModule = (version: number): string => `
const log: string[] = ((globalThis as any).${LOG} ??= [])
log.push('start ${version}')
export const stop = () => void log.push('stop ${version}')
`

/** Changes a file of an application in `vite dev`, and waits for the effect. */
export async function changed(change: () => void, effect: () => unknown): Promise<void> {
  change()
  let tries = 0
  await until(() => {
    // The watcher drops a change that follows another one at once.
    if (++tries % 20 === 0) change()
    return effect()
  })
}

/** Returns the address of a server of Vite. */
export function addressOf({ httpServer }: ServerUnderTest): string {
  const address = httpServer?.address()
  if (typeof address !== 'object' || !address) throw new Error('The server of Vite listens.')
  return `ws://127.0.0.1:${address.port}`
}
