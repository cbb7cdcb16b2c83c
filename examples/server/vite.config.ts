import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** Configuration of the demo's server, for a build with `ssr`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
  },
})
