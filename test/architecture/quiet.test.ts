import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from './packed.ts'
import { entries, packed } from './packed.ts'

describe('at module level', () => {
  let app: Packed

  beforeAll(() => {
    app = packed(['react', 'ws'])
    copyFileSync('test/architecture/quiet-run.mjs', join(app.folder, 'quiet-run.mjs'))
  }, 600_000)

  afterAll(() => app?.remove())

  for (const kind of ['import', 'require']) {
    for (const place of ['node', 'page']) {
      it(`every entry by ${kind} draws, waits for, reads and prints nothing (${place})`, () => {
        const touched: unknown = JSON.parse(app.node('quiet-run.mjs', kind, place, ...entries))
        expect(touched).toEqual([])
      })
    }
  }
})
