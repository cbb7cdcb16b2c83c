import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

/** Configuration of the long form: real time, default options, one process. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: {
    name: 'chaos',
    include: ['test/chaos/long.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Number of concurrent networks, which are mostly idle.
    maxConcurrency: 50,
  },
})
