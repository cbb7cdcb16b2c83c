import { serverErrorsSuite } from './errors-suite.ts'

// `test/peers/contract` runs it with TypeScript 6, which takes several times as long.
serverErrorsSuite('TypeScript 7')
