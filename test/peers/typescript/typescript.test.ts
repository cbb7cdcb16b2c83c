import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { declarationsOf, declaring } from '../../architecture/declared.ts'
import type { Packed } from '../../architecture/packed.ts'
import { entries, packed, peered } from '../../architecture/packed.ts'
import { resolutions, typeCheck } from '../../architecture/type-check.ts'

// Without entries that require the types of React, Vue or Node: their current types need later
// compilers.
const imported = entries.filter((entry) => !/react|vue|server/.test(entry))

// TypeScript 6 requires this option for a deprecated resolution; earlier versions reject its name.
const compilers = {
  '5.4.5': {},
  '5.9.3': {},
  '6.0.3': { ignoreDeprecations: '6.0' },
}

for (const [version, options] of Object.entries(compilers)) {
  describe(`TypeScript ${version}`, () => {
    let app: Packed
    let tools = ''

    beforeAll(() => {
      app = packed(['vitest', 'zod', 'valibot', 'arktype'])
      tools = mkdtempSync(join(tmpdir(), 'wirefold-typescript-'))
      execFileSync(
        'npm',
        ['install', '--prefix', tools, '--no-audit', '--no-fund', `typescript@${version}`],
        { stdio: 'pipe' },
      )
    }, 600_000)

    afterAll(() => {
      app?.remove()
      rmSync(tools, { recursive: true, force: true })
    })

    for (const [label, resolution] of Object.entries(resolutions)) {
      it(`compiles the types with ${label}`, () => {
        const compiler = { file: join(tools, 'node_modules/typescript/bin/tsc'), options }
        expect(typeCheck({ app, compiler, resolution, imported })).toBe('')
      })
    }

    it('writes declarations of what an application exports', () => {
      const compiler = join(tools, 'node_modules/typescript/bin/tsc')
      expect(declarationsOf(app, compiler, declaring)).toBe('')
    })

    for (const exactOptionalPropertyTypes of [true, false]) {
      it(`holds the types of a contract, exactOptionalPropertyTypes: ${exactOptionalPropertyTypes}`, () => {
        const files = ['contract.test-d.ts', 'contract-libraries.test-d.ts']
        for (const file of files) app.write(file, readFileSync(`test/types/${file}`, 'utf8'))
        const compilerOptions = {
          ...{ target: 'es2022', lib: ['ES2022', 'DOM'], types: [], strict: true, noEmit: true },
          ...{ module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true },
          exactOptionalPropertyTypes,
        }
        app.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
        const args = [join(tools, 'node_modules/typescript/bin/tsc'), '-p', app.folder]
        expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('')
      })
    }
  })
}

it('TypeScript 6 compiles the other entries with node10 and the types of Node, React and Vue', () => {
  const app = packed(['@types/node', '@types/react', 'vue'])
  onTestFinished(() => app.remove())
  const compiler = {
    file: 'node_modules/typescript/bin/tsc',
    options: { ignoreDeprecations: '6.0' },
  }
  const how = { app, compiler, resolution: resolutions.node10, types: ['node'] }
  expect(typeCheck({ ...how, imported: peered })).toBe('')
})
