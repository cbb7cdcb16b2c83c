import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { createServer, type PluginOption } from 'vite'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import type { Browser, Page } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { PATIENT } from '../../browser/stories/page-actions.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { serve } from '../../support/live.ts'
import type { Installed } from '../installed.ts'
import { installed } from '../installed.ts'

const PLUGINS = ['@vitejs/plugin-react@6.3.0', '@vitejs/plugin-vue@6.0.11']

const INDEX =
  '<!doctype html><link rel="icon" href="data:,"><output></output><script type="module" src="/main.js"></script>'

/** An application of one framework: its files, and the one that shows prices, with an edited text. */
interface Application {
  readonly files: (url: string) => Readonly<Record<string, string>>
  readonly shown: { readonly file: string; readonly text: (heading: string) => string }
  /** Whether a component keeps its own state while its file is edited: `true` by default. */
  readonly keepsState?: boolean
  /** Further modules that the plugin replaces in a running page, without loading it again. */
  readonly edited: readonly string[]
  readonly plugins: () => Promise<PluginOption[]>
}

const applications: Readonly<Record<string, Application>> = {
  'React under StrictMode, with a client that a component owns': {
    files: (url) => ({
      'realtime.js': `import { createRealtimeHooks } from 'wirefold/react'
        export const { RealtimeProvider, useEvent, useList } = createRealtimeHooks()`,
      'App.jsx': `import { RealtimeClient } from 'wirefold'
        import { useOwned } from 'wirefold/react'
        import { Prices } from './Prices.jsx'
        import { RealtimeProvider } from './realtime.js'
        export function App() {
          const client = useOwned(() => new RealtimeClient('${url}'), (client) => client.close())
          return <RealtimeProvider client={client}><Prices /></RealtimeProvider>
        }`,
      'main.js': `import { createElement, StrictMode } from 'react'
        import { createRoot } from 'react-dom/client'
        import { App } from './App.jsx'
        const app = createElement(StrictMode, null, createElement(App))
        createRoot(document.querySelector('output')).render(app)`,
    }),
    shown: {
      file: 'Prices.jsx',
      text: (heading) => `import { useState } from 'react'
        import { useEvent, useList } from './realtime.js'
        export function Prices() {
          const [count, setCount] = useState(0)
          const price = useEvent('price')?.payload ?? 'none'
          const { rows } = useList('entity:Item', { load: async () => ({ state: [{ id: 'pen' }] }) })
          const names = rows.map(({ id }) => id).join()
          return <p onClick={() => setCount(count + 1)}>${heading} {price} {names} {count}</p>
        }`,
    },
    edited: ['realtime.js', 'App.jsx'],
    plugins: async () => [(await plugin('@vitejs/plugin-react')).default()],
  },
  Vue: {
    files: (url) => ({
      'realtime.js': `import { createRealtimeComposables } from 'wirefold/vue'
        export const { provideRealtime, useEvent, useList } = createRealtimeComposables()`,
      'main.js': `import { RealtimeClient } from 'wirefold'
        import { createApp } from 'vue'
        import Prices from './Prices.vue'
        import { provideRealtime } from './realtime.js'
        const app = createApp(Prices)
        provideRealtime({ client: new RealtimeClient('${url}') }, app)
        app.mount('output')`,
    }),
    shown: {
      file: 'Prices.vue',
      text: (heading) => `<script setup>
        import { ref } from 'vue'
        import { useEvent, useList } from './realtime.js'
        const count = ref(0)
        const price = useEvent('price')
        const { rows } = useList('entity:Item', { load: async () => ({ state: [{ id: 'pen' }] }) })
        </script>
        <template>
          <p @click="count++">${heading} {{ price?.payload ?? 'none' }} {{ rows.map(({ id }) => id).join() }} {{ count }}</p>
        </template>`,
    },
    edited: [],
    plugins: async () => [(await plugin('@vitejs/plugin-vue')).default()],
  },
  Svelte: {
    files: (url) => ({
      'realtime.svelte.js': `import { getContext, setContext } from 'svelte'
        import { createSubscriber } from 'svelte/reactivity'
        import { createRealtimeRunes } from 'wirefold/svelte'
        export const { provideRealtime, useEvent, useList } = createRealtimeRunes({
          getContext, setContext, createSubscriber, effect: (run) => { $effect(run) },
        })`,
      'App.svelte': `<script>
        import { RealtimeClient } from 'wirefold'
        import Prices from './Prices.svelte'
        import { provideRealtime } from './realtime.svelte.js'
        provideRealtime({ client: new RealtimeClient('${url}') })
        </script><Prices />`,
      'main.js': `import { mount } from 'svelte'
        import App from './App.svelte'
        mount(App, { target: document.querySelector('output') })`,
    }),
    shown: {
      file: 'Prices.svelte',
      text: (heading) => `<script>
        import { useEvent, useList } from './realtime.svelte.js'
        let count = $state(0)
        const price = useEvent('price')
        const { rows } = useList('entity:Item', { load: async () => ({ state: [{ id: 'pen' }] }) })
        </script>
        <p onclick={() => count++}>${heading} {price.current?.payload ?? 'none'} {rows.current.map(({ id }) => id).join()} {count}</p>`,
    },
    // Svelte mounts an edited component anew.
    keepsState: false,
    edited: [],
    plugins: async () => [svelte({ configFile: false })],
  },
}

let app: Packed
let tools: Installed | undefined

/** Imports a plugin of Vite. */
async function plugin(name: string): Promise<{ default(): PluginOption }> {
  const file = createRequire(join(tools?.modules ?? '', 'x.js')).resolve(name)
  return import(pathToFileURL(file).href)
}

beforeAll(() => {
  app = packed(['react', 'react-dom', 'svelte', 'vue'])
  tools = installed(PLUGINS)
})

afterAll(() => {
  app?.remove()
  tools?.remove()
})

const stories = (browser: Browser): void => {
  for (const [name, { files, shown, edited, keepsState = true, plugins }] of Object.entries(
    applications,
  )) {
    it(`keeps one socket and one subscribe per channel while files of ${name} are edited`, async () => {
      const asked: string[] = []
      const { server, url } = await serve({
        origins: '*',
        authorize: (_, channel, action) => asked.push(`${action} ${channel}`) > 0,
      })
      const written = { ...files(url), [shown.file]: shown.text('Price'), 'index.html': INDEX }
      for (const [file, text] of Object.entries(written)) app.write(file, text)
      const page = await browser.open(await develop(await plugins()))
      onTestFinished(() => page.close())
      const counts = () => {
        const { opens, connections, subscriptions } = server.stats()
        return { opens, connections, subscriptions }
      }
      const one = { opens: 1, connections: 1, subscriptions: 2 }

      await expect.poll(() => textOf(page), PATIENT).toBe('Price none pen 0')
      await expect.poll(counts, PATIENT).toEqual(one)
      await page.evaluate(() => document.querySelector('p')?.click())
      await server.publish('price', 'changed', 42)
      await expect.poll(() => textOf(page), PATIENT).toBe('Price 42 pen 1')

      for (const count of [1, 2, 3]) {
        await edit(shown.file, shown.text(`Price${count}`), async () =>
          expect(await textOf(page)).toMatch(`Price${count} `),
        )
        await server.publish('price', 'changed', 42 + count)
        await expect.poll(() => textOf(page), PATIENT).toMatch(`Price${count} ${42 + count} pen`)
      }
      expect(await textOf(page)).toBe(`Price3 45 pen ${keepsState ? 1 : 0}`)

      for (const [file, text] of Object.entries(written).filter(([file]) =>
        edited.includes(file),
      )) {
        await edit(file, `${text}\ndocument.title = '${file}'`, async () =>
          expect(await page.evaluate(() => document.title)).toBe(file),
        )
        // A component that is mounted anew shows the events from then on.
        await vi.waitFor(
          async () => {
            await server.publish('price', 'changed', file)
            expect(await textOf(page)).toMatch(`Price3 ${file} pen`)
          },
          { ...PATIENT, interval: 500 },
        )
      }
      await expect.poll(counts, PATIENT).toEqual(one)
      expect(asked).toEqual(['subscribe price', 'subscribe entity:Item'])
      expect(await page.consoleErrors()).toEqual([])
    })
  }
}

/** Writes a file until the page shows it: the watcher may miss a write that follows another one at once. */
const edit = (file: string, text: string, shown: () => Promise<void>) =>
  vi.waitFor(
    () => {
      app.write(file, text)
      return vi.waitFor(shown, 5_000)
    },
    { ...PATIENT, interval: 1_000 },
  )

/** Serves the application by Vite's development server until the end of the test; returns its URL. */
async function develop(plugins: PluginOption[]): Promise<string> {
  const vite = await createServer({
    ...{ root: app.folder, configFile: false, logLevel: 'error', plugins },
    cacheDir: '.vite',
    // The packages are links to those of this repository.
    server: { host: '127.0.0.1', port: 0, fs: { strict: false } },
  })
  await vite.listen()
  onTestFinished(() => vite.close())
  return vite.resolvedUrls?.local[0] ?? ''
}

const textOf = (page: Page) => page.evaluate(() => document.querySelector('p')?.textContent)

await runStories(chromiumDriver, stories)
