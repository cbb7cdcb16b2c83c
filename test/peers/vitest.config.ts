import { defineConfig } from 'vitest/config'
import { alias, longestFirst } from '../../vitest.config.ts'

/** Tests that are long, or against other programs, which may be missing: `npm run test:peers`. */
export default defineConfig({
  resolve: { alias },
  test: {
    // By default one core stays idle, which is half of two.
    maxWorkers: '100%',
    sequence: {
      sequencer: longestFirst([
        'peers/browsers/firefox',
        'peers/browsers/webkit',
        'peers/typescript/typescript',
        'peers/browsers/chromium',
        'peers/deaths/deaths',
        'peers/chaos/virtual',
        'peers/jest/jest',
      ]),
    },
    include: ['test/peers/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    globalSetup: ['test/browser/build-demo.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
