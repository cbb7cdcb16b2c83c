import { describe, expect, it } from 'vitest'
import { compiled, compilers } from '../../contract/compiled-program.ts'
import { errorsSuite } from '../../contract/errors-suite.ts'
import { serverErrorsSuite } from '../../server/contract/errors-suite.ts'

// With `exactOptionalPropertyTypes` they are compiled with all other tests of types.
describe('the tests of types of a contract', () => {
  for (const [version, compiler] of Object.entries(compilers)) {
    const loose = { exactOptionalPropertyTypes: false }

    it(`hold without exactOptionalPropertyTypes in ${version}`, () => {
      const files = ['test/types/contract.test-d.ts', 'test/types/contract-libraries.test-d.ts']
      expect(compiled({ compiler, files, options: loose })).toBe('')
    })

    it(`hold without exactOptionalPropertyTypes in ${version}, on the server`, () => {
      const files = ['test/types/contract-server.test-d.ts']
      const options = { ...loose, types: ['node'] }
      expect(compiled({ compiler, files, options })).toBe('')
    })
  }
})

errorsSuite('TypeScript 6')
serverErrorsSuite('TypeScript 6')
