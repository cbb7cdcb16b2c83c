import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

/** Tests that are long, or against other programs, which may be missing: `npm run test:peers`. */
export default defineConfig({
  resolve: { alias },
  test: {
    // By default one core stays idle, which is half of two.
    maxWorkers: '100%',
    include: ['test/peers/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    globalSetup: ['test/browser/build-demo.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
