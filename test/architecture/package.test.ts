import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Packed } from './packed.ts'
import { entries, packed } from './packed.ts'

const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'))

/** The optional peer that an entry requires. */
const peers: Record<string, string> = {
  'wirefold/react': 'react',
  'wirefold/vue': 'vue',
  'wirefold/server': 'ws',
  'wirefold/vite': 'ws',
}

/** Programs that print `ok` or the error for each entry. */
const opening = {
  'by import': [
    '--input-type=module',
    '-e',
    `for (const name of ${JSON.stringify(entries)})
      await import(name).then(() => console.log('ok'), (e) => console.log(e.message.split('\\n')[0]))`,
  ],
  'by require': [
    '-e',
    `for (const name of ${JSON.stringify(entries)})
      try { require(name); console.log('ok') } catch (e) { console.log(e.message.split('\\n')[0]) }`,
  ],
}

/** Jest and others cannot load an ES module for a CommonJS one; nor can Node with this flag. */
const withoutRequireOfModules = ['--no-experimental-require-module', ...opening['by require']]

describe('the packed package', () => {
  let app: Packed
  let root = ''

  beforeAll(() => {
    app = packed()
    root = join(app.folder, 'node_modules/wirefold')
  }, 600_000)

  afterAll(() => app?.remove())

  for (const [how, program] of [
    ...Object.entries(opening),
    ['by require, without support for ES modules', withoutRequireOfModules] as const,
  ]) {
    it(`opens every entry ${how}, or names the missing peer`, () => {
      const outcomes = app
        .node(...program)
        .trim()
        .split('\n')
      const expected = entries.map((name) => {
        const peer = peers[name]
        return peer ? expect.stringMatching(`Cannot find (package|module) '${peer}'`) : 'ok'
      })
      expect(outcomes).toEqual(expected)
    })
  }

  it.each([
    [
      'import',
      ['--input-type=module'],
      `const { createRealtimeServer } = await import('wirefold/server')`,
    ],
    ['require', [], `const { createRealtimeServer } = require('wirefold/server')`],
  ])(
    'names the entry, the versions and the command where ws is too old, by %s',
    (_, flags, load) => {
      // Version 7 exports its server under another name.
      const folder = join(app.folder, 'node_modules/ws')
      mkdirSync(folder)
      onTestFinished(() => rmSync(folder, { recursive: true }))
      app.write('node_modules/ws/package.json', '{"name":"ws","version":"7.5.10"}')
      app.write(
        'node_modules/ws/index.js',
        'module.exports = class {}; module.exports.Server = class {}',
      )
      const program = `${load}
      createRealtimeServer().listen(0).catch((error) => console.log(error.code, error.message))`
      expect(app.node(...flags, '-e', program)).toBe(
        'bad-dependency wirefold/server needs ws >=8.23.0; the installed version has no WebSocketServer: ' +
          'it is older than 8, or its file for browsers was loaded. Run: npm install ws@">=8.23.0"\n',
      )
    },
  )

  it('has one copy of the code that its entries share', () => {
    const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
    for (const kind of [/\.js$/, /\.cjs$/]) {
      const copies = files
        .filter((file) => kind.test(file))
        .filter((file) =>
          readFileSync(join(root, 'dist', file), 'utf8').includes('createNanoEvents = '),
        )
      expect(copies).toHaveLength(1)
    }
  })

  it('has a file for every entry for resolvers without exports, with the same module', () => {
    // Node reads `exports` only for a package name, not for a path.
    const program = `${JSON.stringify(entries.filter((entry) => !peers[entry]))}
      .filter((name) => require('./node_modules/' + name) !== require(name)).join()`
    expect(app.node('-p', program)).toBe('\n')
    for (const name of entries) {
      const folder = join(app.folder, 'node_modules', name)
      const { main, module, types } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      for (const file of [main, module, types]) {
        expect(existsSync(join(folder, file)), `${name}: ${file}`).toBe(true)
      }
    }
  })

  it('marks the hooks "use client" for React Server Components only', () => {
    const hooks = (...conditions: string[]): Record<'import' | 'require', string> => {
      const flags = conditions.map((condition) => `--conditions=${condition}`)
      const read = `process.getBuiltinModule('node:fs').readFileSync`
      const url = `import.meta.resolve('wirefold/react')`
      return {
        import: app.node(
          ...[...flags, '--input-type=module', '-e'],
          `process.stdout.write(${read}(new URL(${url}), 'utf8'))`,
        ),
        require: app.node(
          ...[...flags, '-e'],
          `process.stdout.write(${read}(require.resolve('wirefold/react'), 'utf8'))`,
        ),
      }
    }
    const marked = hooks('react-server')
    expect(marked.import).toMatch(/^["']use client["'];?\n/)
    expect(marked.require).toMatch(/^["']use client["'];?\n/)
    const plain = hooks()
    expect(plain.import).not.toContain('use client')
    expect(plain.require).not.toContain('use client')
  })

  it('declares every peer as optional', () => {
    expect(Object.keys(peerDependenciesMeta).sort()).toEqual(Object.keys(peerDependencies).sort())
  })
})
