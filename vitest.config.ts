import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

/** Tests import by the public names, as an application would, and get the sources. */
const door = (name: string, file: string) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(`./src/${file}`, import.meta.url)),
})
const alias = [
  door('wirefold', 'index.ts'),
  door('wirefold/dialects/duui', 'dialects/duui-door.ts'),
  door('wirefold/dialects/entity', 'dialects/entity-door.ts'),
  door('wirefold/dialects/topics', 'dialects/topics-door.ts'),
  door('wirefold/dialects/streams', 'dialects/streams-door.ts'),
  door('wirefold/dialects/socketio', 'dialects/socketio-door.ts'),
  door('wirefold/react', 'adapters/react.ts'),
  door('wirefold/svelte', 'adapters/svelte.ts'),
  door('wirefold/signals', 'adapters/signals.ts'),
  door('wirefold/reconnecting-websocket', 'transports/reconnecting-websocket.ts'),
  door('wirefold/socketio-client', 'transports/socketio-client.ts'),
  door('wirefold/indexeddb', 'storage/indexeddb.ts'),
  door('wirefold/server', 'server/index.ts'),
  door('wirefold/server/redis', 'server/redis/index.ts'),
  door('wirefold/testing', 'testing/index.ts'),
]

const unit = {
  environment: 'node' as const,
  setupFiles: ['test/setup.ts'],
  // The machine may be busy: these are for what never comes.
  testTimeout: 60_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  test: {
    // By default one core stays idle: of two that is half.
    maxWorkers: '100%',
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
          typecheck: {
            enabled: true,
            spawnTimeout: 60_000,
            include: ['test/types/*.test-d.ts'],
            tsconfig: 'tsconfig.types.json',
          },
        },
      },
      {
        resolve: { alias },
        // Tests that replace a module for all that import it.
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
          testTimeout: 60_000,
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
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
