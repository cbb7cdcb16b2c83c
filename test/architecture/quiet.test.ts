import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from './packed.ts'
import { entries, packed } from './packed.ts'

describe('at module level', () => {
  let app: Packed

  beforeAll(() => {
    app = packed(['react', 'vue', 'ws'])
    copyFileSync('test/architecture/quiet-run.mjs', join(app.folder, 'quiet-run.mjs'))
  }, 600_000)

  afterAll(() => app?.remove())

  for (const kind of ['import', 'require']) {
    for (const place of ['node', 'page']) {
      it(`every entry by ${kind} has no side effect: no random number, timer, read or output (${place})`, () => {
        const recorded: unknown = JSON.parse(app.node('quiet-run.mjs', kind, place, ...entries))
        expect(recorded).toEqual([])
      })
    }
  }
})
