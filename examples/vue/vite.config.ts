import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { wirefold } from 'wirefold/vite'

/** The page, and its server at /ws. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Vue asks for these, unless a plugin for its components sets them.
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
  },
  plugins: [wirefold({ path: '/ws', setup: '../shared-list/realtime.ts' })],
})
