import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page; server.ts serves what this builds. */
export default defineConfig({ root: fileURLToPath(new URL('.', import.meta.url)) })
