/*
 * Builds the pages of the demo and its server code with Vite. Build the package first: `npm run
 * build`.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const documentPage = fileURLToPath(new URL('./document-page/vite.config.ts', import.meta.url))
const processPage = fileURLToPath(new URL('./process-page/vite.config.ts', import.meta.url))
const taskBoard = fileURLToPath(new URL('./task-board/vite.config.ts', import.meta.url))
const server = fileURLToPath(new URL('./server/vite.config.ts', import.meta.url))
// On a slow machine, Vite would print the plugins that took long.
const quiet = { rolldownOptions: { checks: { pluginTimings: false } } }

await Promise.all([
  build({ configFile: documentPage, build: quiet }),
  build({ configFile: processPage, build: quiet }),
  build({ configFile: taskBoard, build: quiet }),
  build({ configFile: server, build: { ...quiet, ssr: 'main.ts' } }),
])
