import { describe, expect, it } from 'vitest'
import { compiled, compilers } from './compiled-program.ts'

// With `exactOptionalPropertyTypes` they are compiled with all other tests of types.
describe('the tests of types of a contract', () => {
  for (const [version, compiler] of Object.entries(compilers)) {
    it(`hold without exactOptionalPropertyTypes in ${version}`, () => {
      const files = ['test/types/contract.test-d.ts', 'test/types/contract-libraries.test-d.ts']
      const options = { exactOptionalPropertyTypes: false }
      expect(compiled({ compiler, files, options })).toBe('')
    })
  }
})
