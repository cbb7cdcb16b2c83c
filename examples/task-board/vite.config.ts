import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** Configuration of the board's page; its server is part of the demo's server. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/tasks/',
  logLevel: 'warn',
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
  },
})
