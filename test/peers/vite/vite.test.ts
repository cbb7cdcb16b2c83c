import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import type { Browser, BrowserDriver, Page } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { until } from '../../support/live.ts'
import type { ServerUnderTest, ViteUnderTest } from '../../vite/vite-app.ts'
import { addressOf, changed, setupModule, viteApp, workerModule } from '../../vite/vite-app.ts'
import { viteStories } from '../../vite/vite-stories.ts'
import { installed } from '../installed.ts'

/** The page of an application: shows the version of the setup, and what was said. */
const PAGE = `
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
const client = new RealtimeClient('/live', { backoff: { initialMs: 50, maxMs: 200 } })
new ChannelSubscriber(client).subscribe('room', (text) => { document.title = text })
globalThis.version = () => client.request('version')
globalThis.say = (text) => client.request('say', text)
globalThis.loads = (globalThis.loads ?? 0) + 1
`

const INDEX =
  '<link rel="icon" href="data:,"><title>empty</title><script type="module" src="/main.js"></script>'

/** Installs a version of Vite beside the packed package; `end` deletes both. */
function withVite(version: string) {
  const app = packed(['ws', '@types/node'])
  const { modules, remove } = installed([`vite@${version}`])
  symlinkSync(join(modules, 'vite'), join(app.folder, 'node_modules/vite'), 'junction')
  const load = (file: string) => import(pathToFileURL(join(app.folder, 'node_modules', file)).href)
  const end = (): void => {
    app.remove()
    remove()
  }
  return { app, load, end }
}

const shown = (page: Page) => page.evaluate(() => document.title)
const versionIn = (page: Page) => page.evaluate(() => Reflect.get(globalThis, 'version')())
const sayIn = (page: Page, text: string) =>
  page.evaluate((said) => Reflect.get(globalThis, 'say')(said), text)

// Exact versions: the newest of each major version when these tests were written.
for (const version of ['6.4.6', '7.3.8', '8.3.8']) {
  describe(`Vite ${version}`, async () => {
    let app: Packed
    let end = (): void => {}
    let loaded: Pick<ViteUnderTest, 'createServer' | 'preview' | 'wirefold'>
    let build: (config: object) => Promise<unknown>

    beforeAll(async () => {
      const parts = withVite(version)
      app = parts.app
      end = parts.end
      const [vite, plugin] = [
        await parts.load('vite/dist/node/index.js'),
        await parts.load('wirefold/dist/vite.js'),
      ]
      loaded = { ...vite, ...plugin }
      build = vite.build
    }, 300_000)

    afterAll(() => end())

    const vite: ViteUnderTest = {
      createServer: (config) => loaded.createServer(config),
      preview: (config) => loaded.preview(config),
      wirefold: (options) => loaded.wirefold(options),
      get folder() {
        return app.folder
      },
    }
    viteStories(vite)

    it('accepts the plugin by its types', () => {
      const file = app.write(
        'vite.config.ts',
        `import { defineConfig } from 'vite'
        import { wirefold } from 'wirefold/vite'
        export default defineConfig({ plugins: [wirefold({ setup: 'setup.ts', path: '/live' })] })`,
      )
      const strict = ['--strict', '--noEmit', '--skipLibCheck', '--types', 'node']
      const resolution = ['--module', 'esnext', '--moduleResolution', 'bundler']
      const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
      expect(app.node(tsc, ...strict, ...resolution, '--target', 'es2022', file)).toBe('')
    })

    it('builds a worker that Node runs by itself', async () => {
      const { root, write, config } = viteApp(vite)
      write('worker.ts', `${workerModule(1)}\nconsole.log(log.join())`)
      await build({
        ...config(),
        logLevel: 'silent',
        build: { ssr: 'worker.ts', outDir: 'server' },
      })
      expect(app.node(join(root, 'server/worker.js'))).toBe('start 1\n')
    })

    const inBrowser = (browser: Browser, _: BrowserDriver): void => {
      /** Opens the page of an application. */
      async function opened(server: ServerUnderTest): Promise<Page> {
        onTestFinished(() => server.close())
        const page = await browser.open(addressOf(server).replace('ws', 'http'))
        onTestFinished(() => page.close())
        return page
      }

      it('keeps the page connected in vite dev while the setup changes', async () => {
        const application = viteApp(vite)
        application.write('main.js', PAGE)
        application.write('index.html', INDEX)
        const server = await vite.createServer(application.config())
        await server.listen()
        const page = await opened(server)
        await until(async () => expect(await versionIn(page)).toBe('1'))
        await changed(
          () => application.write('setup.ts', setupModule(2)),
          async () => expect(await versionIn(page)).toBe('2'),
        )
        await sayIn(page, 'hello')
        await until(async () => expect(await shown(page)).toBe('hello'))
        // Neither a reload of the page nor a second connection.
        expect(await page.evaluate(() => Reflect.get(globalThis, 'loads'))).toBe(1)
        await page.evaluate(() => Reflect.set(globalThis, 'kept', true))
        // Vite's own socket replaces modules of the page, or reloads it.
        application.write(
          'main.js',
          PAGE.replace('document.title = text', "document.title = 'new'"),
        )
        await until(async () =>
          expect(await page.evaluate(() => Reflect.get(globalThis, 'kept'))).toBe(undefined),
        )
        await until(async () => expect(await versionIn(page)).toBe('2'))
        await sayIn(page, 'hello')
        await until(async () => expect(await shown(page)).toBe('new'))
      })

      it('serves the built page in vite preview', async () => {
        const application = viteApp(vite)
        application.write('main.js', PAGE)
        application.write('index.html', INDEX)
        await build({ ...application.config(), logLevel: 'silent' })
        const page = await opened(await vite.preview(application.config()))
        await until(async () => expect(await versionIn(page)).toBe('1'))
        await sayIn(page, 'hello')
        await until(async () => expect(await shown(page)).toBe('hello'))
        expect(await page.consoleErrors()).toEqual([])
      })
    }
    await runStories(chromiumDriver, inBrowser)
  })
}
