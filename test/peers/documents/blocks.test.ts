import { expect, it } from 'vitest'
import { compileErrors, programs } from '../../documents/compile.ts'

it('the blocks of the documents compile with TypeScript 6, too', () => {
  expect(compileErrors(programs, {}, 'TypeScript 6')).toEqual([])
})
