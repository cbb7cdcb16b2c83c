import { errorsSuite } from './errors-suite.ts'

// `test/peers/contract` runs it with TypeScript 6, which takes several times as long.
errorsSuite('TypeScript 7')
