import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import { blockWith } from '../../documents/blocks.ts'
import type { Installed } from '../installed.ts'
import { installed } from '../installed.ts'

/** The packages of the application; those that it tests with are this repository's. */
const PACKAGES = [
  ...['react', 'react-dom', '@testing-library/react', '@testing-library/dom'],
  ...['svelte', '@testing-library/svelte', '@sveltejs/vite-plugin-svelte', 'mock-socket'],
  ...['vitest', 'happy-dom', 'vite'],
]

/** Components, their tests with `wirefold/testing` alone, and those with mock-socket alone. */
const COMPONENTS = ['Messages.tsx', 'Messages.svelte', 'served-by-hand.ts']
const REACT = ['Messages.test.tsx', 'react-mock-socket.test.tsx']
const SVELTE = ['messages-svelte.test.ts', 'svelte-mock-socket.test.ts']

/** Returns a file of the guide, which `test/dom` runs in this repository. */
const guide = (file: string) => readFileSync(`test/dom/guide/${file}`, 'utf8')

/** A transform of Jest for Svelte: `svelte-jester` 5.0 is not called as it needs by Jest 30.5. */
const SVELTE_TRANSFORM = `
const { compile, compileModule } = require('svelte/compiler')
exports.process = (source, filename) => {
  const make = filename.endsWith('.js') ? compileModule : compile
  return { code: make(source, { filename, generate: 'client' }).js.code }
}`

describe('an application that tests its components in Vitest', () => {
  let app: Packed

  beforeAll(() => {
    app = packed([...PACKAGES, 'ws'])
    for (const file of [...COMPONENTS, ...REACT, ...SVELTE]) app.write(file, guide(file))
    app.write(
      'vitest.config.mjs',
      `import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { wirefold } from 'wirefold/vite'
export default {
  plugins: [
    svelte({ configFile: false }),
    svelteTesting(),
    wirefold({ path: '/live', setup: 'worker.mjs', workers: ['worker.mjs'] }),
  ],
  oxc: { jsx: { runtime: 'automatic' } },
  // The packages are links to those of this repository.
  server: { fs: { strict: false } },
}`,
    )
    app.write('worker.mjs', "import { writeFileSync } from 'node:fs'\nwriteFileSync('started', '')")
  })
  afterAll(() => app?.remove())

  it('needs wirefold/testing alone, or mock-socket alone', () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json'],
      { cwd: app.folder, encoding: 'utf8' },
    )
    expect(status, stdout + stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 4, numFailedTests: 0 })
    // The plugin of the application does nothing in a run of its tests.
    expect([stderr, existsSync(join(app.folder, 'started'))]).toEqual(['', false])
  })
})

describe('an application that tests its components in Jest', () => {
  const version = '30.5.2'
  let app: Packed
  let tools: Installed

  beforeAll(() => {
    tools = installed([
      ...[`jest@${version}`, `jest-environment-jsdom@${version}`],
      ...['ts-jest@29.4.15', 'typescript@6.0.3'],
    ])
    app = packed(PACKAGES)
    const inJest = (text: string) => text.replaceAll("from 'vitest'", "from '@jest/globals'")
    for (const file of [...COMPONENTS, ...REACT]) app.write(file, inJest(guide(file)))
    app.write('price.test.ts', blockWith('docs/testing.md', "it('shows the newest price',").code)
    // Svelte is published as modules of ECMAScript only: so are the tests of its components.
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    for (const file of ['served-by-hand.ts', ...SVELTE]) {
      const { outputText } = ts.transpileModule(inJest(guide(file)), { compilerOptions })
      const linked = outputText.replace('./served-by-hand.ts', './served-by-hand.mjs')
      app.write(file.replace(/ts$/, 'mjs'), linked)
    }
    app.write('svelte-transform.cjs', SVELTE_TRANSFORM)
    const tsconfig = {
      ...{ module: 'commonjs', target: 'es2022', jsx: 'react-jsx' },
      ...{ isolatedModules: true, esModuleInterop: true },
    }
    const common = {
      rootDir: app.folder,
      testEnvironment: join(tools.modules, 'jest-environment-jsdom'),
    }
    const projects = [
      {
        ...common,
        displayName: 'React',
        testMatch: ['<rootDir>/*.test.ts', '<rootDir>/*.test.tsx'],
        transform: {
          '\\.tsx?$': [join(tools.modules, 'ts-jest'), { diagnostics: false, tsconfig }],
        },
      },
      {
        ...common,
        displayName: 'Svelte',
        testMatch: ['<rootDir>/*.test.mjs'],
        moduleFileExtensions: ['js', 'mjs', 'svelte'],
        extensionsToTreatAsEsm: ['.svelte'],
        testEnvironmentOptions: { customExportConditions: ['browser', 'svelte'] },
        // Some files of its packages have runes.
        transform: {
          '\\.svelte(\\.js)?$': '<rootDir>/svelte-transform.cjs',
        },
        transformIgnorePatterns: ['/node_modules/(?!.*\\.svelte(\\.js)?$)'],
      },
    ]
    app.write('jest.config.json', JSON.stringify({ projects }))
  })
  afterAll(() => {
    app?.remove()
    tools?.remove()
  })

  it('needs wirefold/testing alone, or mock-socket alone', () => {
    const jest = join(tools.modules, 'jest/bin/jest.js')
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--experimental-vm-modules', jest, '--json'],
      { cwd: app.folder, encoding: 'utf8' },
    )
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 5, numFailedTests: 0 })
  })
})
