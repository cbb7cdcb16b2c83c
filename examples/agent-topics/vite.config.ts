import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { wirefold } from 'wirefold/vite'

/** The page, and its server at /api/ws/v2. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [wirefold({ path: '/realtime', setup: 'realtime.ts' })],
})
