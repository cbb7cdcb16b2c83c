import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { entries, packed } from '../../architecture/packed.ts'
import { resolutions, typeCheck } from '../../architecture/type-check.ts'

// What needs React's or Node's types is left out: those of today are for later compilers than these.
const imported = entries.filter((entry) => !/react|server/.test(entry))

// TypeScript 6 refuses a deprecated resolution unless it is named here; earlier versions refuse the name.
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
      app = packed()
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
      it(`finds the types sound by ${label}`, () => {
        const compiler = { file: join(tools, 'node_modules/typescript/bin/tsc'), options }
        expect(typeCheck({ app, compiler, resolution, imported })).toBe('')
      })
    }
  })
}
