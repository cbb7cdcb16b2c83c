import { posix, resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { badOption } from '../base/errors.ts'
import { checkKinds, checkNames } from '../base/known-names.ts'
import { changedFiles } from './changed-files.ts'
import { HostedModules } from './hosted-modules.ts'
import type {
  DevServer,
  EnvironmentContext,
  HotUpdate,
  ModuleLoader,
  PreviewServer,
  ViteConfig,
  VitePlugin,
  VitePluginHooks,
} from './vite-types.ts'

/** Marks the server of Vite that only compiles the modules of `vite preview`. */
const COMPILES_ONLY = Symbol.for('wirefold.vite:compiles-only')

/**
 * Returns a plugin for Vite 6, 7 and 8 that serves the shared server of a module at the address of
 * `vite dev` and `vite preview`, and runs workers beside it, before the first request. In a run of Vitest
 * it does nothing.
 *
 * When the setup module or an import of it changes, it is evaluated again: its `sharedServer` is the
 * same one, so that clients stay connected, and its `setUp` replaces the former one.
 *
 * Throws `bad-option` for options of a wrong name or kind and, when Vite starts, if `path` is that of Vite's own WebSocket.
 *
 * @example
 * import { defineConfig } from 'vite'
 * import { wirefold } from 'wirefold/vite'
 *
 * export default defineConfig({ plugins: [wirefold({ setup: 'src/realtime.ts' })] })
 */
export function wirefold(options: WirefoldOptions): VitePlugin {
  assertOptions(options)
  let dev: DevServer | undefined
  let running: HostedModules | undefined
  const hooks: VitePluginHooks = {
    name: 'wirefold',
    apply: 'serve',
    configureServer(server) {
      assertFree(options, server.config)
      dev = onlyCompiles(server.config) ? undefined : server
    },
    // Vite waits for it before it listens, and when it restarts, first ends the former server.
    async buildStart() {
      if (!dev) return
      running = hosted(options, dev, dev)
      for (const error of await running.start()) logError(dev.config, error)
    },
    async hotUpdate(this: EnvironmentContext, { modules }: HotUpdate) {
      if (this.environment.name === 'ssr') await running?.reload(changedFiles(modules))
    },
    async closeBundle() {
      const ended = running
      running = undefined
      await ended?.stop()
    },
    async configurePreviewServer(server) {
      const loader = await compiler(server.config)
      const previewed = hosted(options, server, loader)
      const end = (): Promise<void> => previewed.stop().finally(() => loader.close())
      server.httpServer.once('close', end)
      const errors = await previewed.start()
      if (errors.length === 0) return
      await end()
      throw errors[0]
    },
  }
  return hooks
}

/** Options of {@link wirefold}. */
export interface WirefoldOptions {
  /**
   * Module that creates the server, by `sharedServer(path, options)`, and sets it up; relative to the
   * root of the project.
   */
  readonly setup: string
  /**
   * Path of the shared server, at which it is attached.
   * @default '/ws'
   */
  readonly path?: string | undefined
  /**
   * Modules that are evaluated once, such as consumers of a queue; relative to the root of the
   * project. Before one is evaluated again because it has changed, and when Vite ends, the function
   * `stop` that it exports is called; it may take 5 seconds. In production Node runs the same files.
   * @default none
   */
  readonly workers?: readonly string[] | undefined
}

function hosted(
  { path = '/ws', setup, workers = [] }: WirefoldOptions,
  { config, httpServer }: Pick<DevServer | PreviewServer, 'config' | 'httpServer'>,
  loader: ModuleLoader,
): HostedModules {
  const fileOf = (file: string): string => resolve(config.root, file).replaceAll('\\', '/')
  return new HostedModules({
    ...{ loader, path, http: httpServer, clock: systemClock },
    failed: (error) => logError(config, error),
    warn: (text) => config.logger.warn(text),
    setup: fileOf(setup),
    workers: workers.map(fileOf),
  })
}

function logError({ logger }: ViteConfig, error: unknown): void {
  logger.error(`wirefold: ${error}`)
}

/** Whether a server of Vite has no pages: it compiles for `vite preview`, or for the tests of Vitest. */
function onlyCompiles({ inlineConfig, plugins }: ViteConfig): boolean {
  return COMPILES_ONLY in inlineConfig || plugins.some(({ name }) => name === 'vitest')
}

/** Starts a server of Vite without an address, to compile modules; `vite preview` cannot. */
async function compiler({ inlineConfig, mode }: ViteConfig) {
  const { createServer } = await import('vite')
  const server = {
    ...inlineConfig.server,
    middlewareMode: true,
    hmr: false,
    ws: false as const,
    watch: null,
  }
  const optimizeDeps = { noDiscovery: true, include: [] }
  const quiet = { logLevel: 'warn' as const, clearScreen: false }
  return createServer({ ...marked(inlineConfig), ...quiet, mode, server, optimizeDeps })
}

function marked(inlineConfig: object): object {
  return { ...inlineConfig, [COMPILES_ONLY]: true }
}

/** Throws `bad-option` for options that Vite would fail with later. */
function assertOptions(options: WirefoldOptions = Object()): void {
  const { setup, path, workers = [] } = options
  checkNames('The plugin wirefold()', options, { setup, path, workers })
  const named = { setup: setup ?? null, path }
  checkKinds('the plugin wirefold()', named, { setup: 'string', path: 'string' })
  if (!Array.isArray(workers)) {
    const message = 'The option workers of the plugin wirefold() is no list. Use an array of files.'
    throw badOption('workers', message)
  }
}

/** Throws if the path is that of the socket by which Vite updates modules in the page. */
function assertFree({ path = '/ws' }: WirefoldOptions, { base, server }: ViteConfig): void {
  const own = typeof server.hmr === 'object' ? (server.hmr.path ?? '') : ''
  if (path !== posix.join('/', base, own)) return
  const message = `The path "${path}" is that of Vite's own WebSocket. Give the plugin another path, such as "/realtime".`
  throw badOption('path', message)
}
