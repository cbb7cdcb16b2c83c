import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { wirefold } from 'wirefold/vite'

/** The page, and its server at /websocket. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [svelte({ configFile: false }), wirefold({ path: '/realtime', setup: 'realtime.ts' })],
})
