import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'
import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** Tests import by the public names, as an application would, and get the sources. */
export const alias = [
  { find: /^wirefold$/, replacement: entry('index') },
  { find: /^wirefold\/(.+)$/, replacement: entry('$1') },
]

function entry(name: string): string {
  return fileURLToPath(new URL(`./src/entries/${name}.ts`, import.meta.url))
}

const unit = {
  environment: 'node' as const,
  setupFiles: ['test/setup.ts'],
  // The machine may be busy: these are for what never comes.
  testTimeout: 300_000,
  hookTimeout: 300_000,
}

/**
 * Returns a sequencer that begins with the files that take longest: one that begins last would run
 * alone, and a collection of garbage takes least time in a worker that has loaded little. Each has a
 * browser test beside it, if there is one, which mostly waits.
 *
 * @param names the files in `test`, without `.test.ts`; throws if one does not exist
 */
export function longestFirst(names: readonly string[]) {
  const longest = names.map((name) => {
    const file = fileURLToPath(new URL(`./test/${name}.test.ts`, import.meta.url))
    if (!existsSync(file)) throw new Error(`There is no ${file}, which is to run first.`)
    return file
  })
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files)
      const browser = sorted.filter(({ project }) => project.name === 'browser')
      const long = longest.flatMap((file) => sorted.filter(({ moduleId }) => moduleId === file))
      const first = long.flatMap((file, at) => [...browser.slice(at, at + 1), file])
      return [...new Set([...first, ...browser, ...sorted])]
    }
  }
}

const sequencer = longestFirst([
  'chaos/virtual',
  'documents/blocks',
  'architecture/types',
  'malformed-input/cost',
  'client/herd',
  'vite/vite',
  'architecture/dialect-size',
  'adapters/store-suite',
  'malformed-input/dialects.property',
  'dialects/pusher/live',
  'integration/rolling-restart',
  'server/redis/client-options',
  'bench/limits',
  'malformed-input/fuzz',
  'malformed-input/corpus',
  'integration/redis-nodes',
  'server/broker/replies',
  'examples/websocket-client',
  'chaos/tcp',
])

export default defineConfig({
  test: {
    // More than the cores: many tests wait for a browser, for Redis, or for a real timeout.
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer },
    projects: [
      {
        resolve: { alias },
        test: {
          ...unit,
          name: 'unit',
          // No module holds state, so the files of a worker share what they import: half the time.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/dom/**', 'test/browser/**', 'test/peers/**', '**/*.isolated.test.ts'],
        },
      },
      {
        resolve: { alias },
        // Tests that replace a module for all that import it, or count all timers of the process.
        test: { ...unit, name: 'isolated', include: ['test/**/*.isolated.test.ts'] },
      },
      {
        // Its own project: the `browser` condition that Svelte needs would turn `ws` into a stub.
        plugins: [svelte(), svelteTesting()],
        resolve: { alias },
        test: {
          name: 'dom',
          environment: 'happy-dom',
          setupFiles: ['test/setup.ts'],
          isolate: false,
          testTimeout: 300_000,
          include: ['test/dom/**/*.test.{ts,tsx}'],
          // Outside a bundle Solid resolves to its server build, where signals do nothing.
          server: { deps: { inline: [/solid-js/] } },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          environment: 'node',
          setupFiles: ['test/setup.ts'],
          globalSetup: ['test/browser/build-demo.ts'],
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
