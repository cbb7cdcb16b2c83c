/* Serves the built site, and opens it in the browser: `npm run docs:serve`. */
import { existsSync } from 'node:fs'
import { preview } from 'vite'

if (!existsSync('site/index.html')) {
  console.error('There is no site yet. Run npm run docs first.')
  process.exit(1)
}
const server = await preview({
  configFile: false,
  // Without the start page in place of a missing one.
  appType: 'mpa',
  build: { outDir: 'site' },
  // Not the port of `vite preview`, which a reader of the site may use at the same time.
  preview: { open: true, port: 4181 },
})
server.printUrls()
