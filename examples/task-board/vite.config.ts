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
    // `"use client"` in wirefold/react speaks to servers that render; there is none here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
})
