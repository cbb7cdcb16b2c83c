import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from './packed.ts'
import { entries, packed, peered } from './packed.ts'
import { resolutions, typeCheck } from './type-check.ts'

const typescript7 = { file: 'node_modules/typescript7/bin/tsc', options: {} }
// TypeScript 7 has no node10: `test/peers/typescript` compiles with it, and with older compilers.
const { node10: _, ...modern } = resolutions
const page = entries.filter((entry) => !peered.includes(entry))

describe('the types of the packed package', () => {
  let bare: Packed
  let full: Packed

  beforeAll(() => {
    bare = packed()
    full = packed(['@types/node', '@types/react', 'vue'])
  }, 600_000)

  afterAll(() => {
    bare?.remove()
    full?.remove()
  })

  for (const [label, resolution] of Object.entries(modern)) {
    it(`compile with TypeScript 7 and ${label}, in a page without other types`, () => {
      const check = { app: bare, compiler: typescript7, resolution, imported: page }
      expect(typeCheck(check)).toBe('')
    }, 600_000)

    it(`compile with TypeScript 7 and ${label}, with the types of Node, React and Vue`, () => {
      const app = full
      const check = { app, compiler: typescript7, resolution, imported: peered, types: ['node'] }
      expect(typeCheck(check)).toBe('')
    }, 600_000)
  }

  it('compile with the types of Node in place of the DOM', () => {
    const how = { app: full, compiler: typescript7, resolution: resolutions.bundler }
    // React and Vue have components, which are of the DOM.
    const imported = entries.filter((entry) => !/(react|vue)$/.test(entry))
    expect(typeCheck({ ...how, imported, types: ['node'], lib: [] })).toBe('')
  }, 600_000)

  it('support `using` in a program with its library, and do not add it otherwise', () => {
    const how = { app: bare, compiler: typescript7, resolution: resolutions.bundler }
    const program = (line: string) => `
      import type { Subscription } from 'wirefold'
      declare function subscribe(): Subscription
      export function follow(): void { ${line} }`
    const using = program('using off = subscribe(); off()')
    expect(typeCheck({ ...how, lib: ['DOM', 'ESNext.Disposable'], rest: using })).toBe('')
    const found = typeCheck({ ...how, rest: program('subscribe()[Symbol.dispose]()') })
    expect(found).toContain(`Property 'dispose' does not exist on type 'SymbolConstructor'`)
  }, 600_000)
})
