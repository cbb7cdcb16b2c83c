import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { wirefold } from 'wirefold/vite'

/** The page, and its server at /ws. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [wirefold({ path: '/ws', setup: '../shared-list/realtime.ts' })],
})
