import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** Configuration of the page, and with `build.ssr` of the server. */
export default defineConfig(({ isSsrBuild }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: isSsrBuild ? 'dist/server' : 'dist/page',
    emptyOutDir: true,
  },
}))
