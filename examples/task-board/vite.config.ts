import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The board's page; its server is part of the demo's. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/tasks/',
  logLevel: 'warn',
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
  },
})
