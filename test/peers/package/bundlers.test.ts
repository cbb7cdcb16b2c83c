import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import type { Packed } from '../../architecture/packed.ts'
import { entries, packed } from '../../architecture/packed.ts'
import type { Browser } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { until } from '../../support/live.ts'
import { installed } from '../installed.ts'

const WEBPACK = 'webpack@5.113.0'

/** The entries for pages. */
const client = entries.filter((entry) => !/server|vite/.test(entry))

const INDEX =
  '<!doctype html><link rel="icon" href="data:,"><output></output><script type="module" src="/main.js"></script>'

/** The application of a page, which shows the newest price, in React and in Svelte. */
const REACT = {
  'react.jsx': `import { createElement } from 'react'
    import { createRoot } from 'react-dom/client'
    import { RealtimeClient } from 'wirefold'
    import { createRealtimeHooks } from 'wirefold/react'
    const { RealtimeProvider, useEvent } = createRealtimeHooks()
    const Price = () => useEvent('price')?.payload ?? 'none'
    const app = createElement(RealtimeProvider, { client: new RealtimeClient('/ws') }, createElement(Price))
    createRoot(document.querySelector('output')).render(app)`,
}
const SVELTE = {
  'realtime.svelte.js': `import { getContext, setContext } from 'svelte'
    import { createSubscriber } from 'svelte/reactivity'
    import { createRealtimeRunes } from 'wirefold/svelte'
    export const { provideRealtime, useEvent } = createRealtimeRunes({
      getContext, setContext, createSubscriber, effect: (run) => { $effect(run) },
    })`,
  'App.svelte': `<script>
    import { RealtimeClient } from 'wirefold'
    import { provideRealtime } from './realtime.svelte.js'
    import Price from './Price.svelte'
    provideRealtime({ client: new RealtimeClient('/ws') })
    </script><Price />`,
  'Price.svelte': `<script>
    import { useEvent } from './realtime.svelte.js'
    const price = useEvent('price')
    </script>{price.current?.payload ?? 'none'}`,
  'svelte.js': `import { mount } from 'svelte'
    import App from './App.svelte'
    mount(App, { target: document.querySelector('output') })`,
}

/** What a program of webpack's API needs to report. */
type Webpack = (
  config: object,
  done: (error: Error | null, stats?: WebpackStats) => void,
) => unknown
interface WebpackStats {
  toJson(): { readonly errors: readonly object[]; readonly warnings: readonly object[] }
}

let app: Packed

beforeAll(() => {
  app = packed(['react', 'react-dom', 'svelte', 'vue'])
  for (const [file, text] of Object.entries({ ...REACT, ...SVELTE })) app.write(file, text)
})

afterAll(() => app?.remove())

/** Serves a folder, and realtime at `/ws`, until the end of the test. */
async function served(folder: string) {
  const http = createServer(({ url = '/' }, response) => {
    const file = join(folder, url === '/' ? 'index.html' : url)
    const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
    const type = Object.entries(types).find(([ending]) => ending === extname(file))?.[1]
    response.statusCode = existsSync(file) ? 200 : 404
    response.setHeader('content-type', type ?? 'text/plain')
    response.end(existsSync(file) ? readFileSync(file) : '')
  })
  const server = createRealtimeServer({ authorize: () => true })
  server.attach(http)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(async () => {
    await server.close()
    http.close()
  })
  return { server, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` }
}

const stories = (browser: Browser): void => {
  const textOf = () => document.querySelector('output')?.textContent

  for (const framework of ['react', 'svelte']) {
    it(`Vite bundles an application of ${framework}, which runs without an error`, async () => {
      app.write('main.js', `import './${framework}.js${framework === 'react' ? 'x' : ''}'`)
      app.write('index.html', INDEX)
      await build({
        ...{ root: app.folder, configFile: false, logLevel: 'error' },
        plugins: framework === 'svelte' ? [svelte({ configFile: false })] : [],
        build: { outDir: framework },
      })
      const { server, url } = await served(join(app.folder, framework))
      const page = await browser.open(url)
      onTestFinished(() => page.close())
      await until(async () => {
        await server.publish('price', 'changed', 42)
        expect(await page.evaluate(textOf)).toBe('42')
      })
      expect(await page.consoleErrors()).toEqual([])
    })
  }

  it('webpack 5 bundles every entry as ES module and as CommonJS, without a warning', async () => {
    const tools = installed([WEBPACK])
    onTestFinished(tools.remove)
    const webpack: Webpack = createRequire(join(tools.modules, 'x.js'))('webpack')
    const count = client.length
    const imports = client.map((entry, index) => `import * as entry${index} from '${entry}'`)
    const all = client.map((_, index) => `entry${index}`)
    const requires = client.map((entry) => `require('${entry}')`)
    const show = `.filter((entry) => Object.keys(entry).length > 0).length`
    const output = `document.querySelector('output').textContent +=`
    app.write('all.mjs', `${imports.join('\n')}\n${output} 'esm ' + [${all}]${show}`)
    app.write('all.cjs', `${output} ', cjs ' + [${requires}]${show}`)
    const stats = await new Promise<WebpackStats>((resolve, reject) => {
      const config = {
        ...{ context: app.folder, mode: 'production', target: 'web' },
        entry: { esm: './all.mjs', cjs: './all.cjs' },
        output: { path: join(app.folder, 'webpack') },
        // All entries together are larger than the size of which webpack warns.
        performance: { hints: false },
      }
      webpack(config, (error, done) => (done ? resolve(done) : reject(error)))
    })
    expect(stats.toJson()).toMatchObject({ errors: [], warnings: [] })
    const scripts = '<script src="/esm.js"></script><script src="/cjs.js"></script>'
    app.write('webpack/index.html', `<link rel="icon" href="data:,"><output></output>${scripts}`)
    const { url } = await served(join(app.folder, 'webpack'))
    const page = await browser.open(url)
    onTestFinished(() => page.close())
    expect(await page.evaluate(textOf)).toBe(`esm ${count}, cjs ${count}`)
    expect(await page.consoleErrors()).toEqual([])
  })
}
await runStories(chromiumDriver, stories)
