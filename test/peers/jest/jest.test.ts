import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { entries, packed } from '../../architecture/packed.ts'

/** The entries for pages; in Jest's page environment `ws` is a stub. */
const client = entries.filter((entry) => !/server|vite/.test(entry))

/** Returns a test of an application that imports entries, and uses those that need no server. */
const typedTest = (imported: readonly string[]) => `
${imported.map((entry, index) => `import * as entry${index} from '${entry}'`).join('\n')}
import { ChannelSubscriber, createStore, RealtimeClient } from 'wirefold'
import { ManualClock, ScriptedServer } from 'wirefold/testing'
declare function test(name: string, run: () => unknown): void
test('${imported.length} entries', async () => {
  const all: object[] = [${imported.map((_, index) => `entry${index}`).join(', ')}]
  if (!all.every((entry) => Object.keys(entry).length > 0)) throw new Error('An entry is empty.')
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock })
  const client = new RealtimeClient('wss://example.org/ws', { transport: server.transport, clock })
  const said = createStore<unknown>(undefined)
  new ChannelSubscriber(client).subscribe('room:1', (payload) => said.set(payload))
  await clock.advance(100)
  server.publish('room:1', 'said', 'hello')
  await clock.advance(100)
  client.close()
  if (said.get() !== 'hello') throw new Error('The event did not arrive.')
})`

/** Returns a test in plain JavaScript. */
const plainTest = (imported: readonly string[]) => `
test('${imported.length} entries', () => {
  for (const name of ${JSON.stringify(imported)}) {
    if (Object.keys(require(name)).length === 0) throw new Error(name + ' is empty.')
  }
})`

for (const version of ['29.7.0', '30.5.2']) {
  describe(`Jest ${version}`, () => {
    let app: Packed
    let tools = ''

    beforeAll(() => {
      tools = mkdtempSync(join(tmpdir(), 'wirefold-jest-'))
      const packages = ['ts-jest@29.4.15', 'typescript@6.0.3']
      for (const name of ['jest', 'jest-environment-jsdom']) packages.push(`${name}@${version}`)
      execFileSync(
        'npm',
        ['install', '--prefix', tools, '--no-audit', '--no-fund', '--ignore-scripts', ...packages],
        { stdio: 'pipe' },
      )
      app = packed(['react', 'vue', 'ws', '@types/react', '@types/node'])
      app.write('package.json', '{}')
      const compilerOptions = {
        ...{ module: 'node16', target: 'es2022', lib: ['ES2022', 'DOM'], types: ['node'] },
        ...{ strict: true, isolatedModules: true },
      }
      app.write('tsconfig.json', JSON.stringify({ compilerOptions }))
      app.write('node.test.ts', typedTest(entries))
      app.write('node.test.js', plainTest(entries))
      app.write('page.test.ts', typedTest(client))
      app.write('page.test.js', plainTest(client))
      const project = (name: string, environment: string) => ({
        displayName: name,
        rootDir: app.folder,
        testMatch: [`<rootDir>/${name}.test.*`],
        testEnvironment: join(tools, 'node_modules', environment),
        transform: { '\\.ts$': join(tools, 'node_modules/ts-jest') },
      })
      const projects = [
        project('node', 'jest-environment-node'),
        project('page', 'jest-environment-jsdom'),
      ]
      app.write('jest.config.json', JSON.stringify({ projects }))
    }, 300_000)

    afterAll(() => {
      app?.remove()
      rmSync(tools, { recursive: true, force: true })
    })

    it('loads every entry as CommonJS, for Node and for a page, with and without ts-jest', () => {
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [
          '--no-experimental-require-module',
          join(tools, 'node_modules/jest/bin/jest.js'),
          '--json',
        ],
        { cwd: app.folder, encoding: 'utf8' },
      )
      expect(status, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 4, numFailedTests: 0 })
    }, 300_000)
  })
}
