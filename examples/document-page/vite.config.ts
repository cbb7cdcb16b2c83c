import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** Configuration of the page; its server is part of the demo's server. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
  },
})
