import { afterAll, beforeAll, expect, it } from 'vitest'
import { declarationsOf, declaring } from './declared.ts'
import type { Packed } from './packed.ts'
import { packed } from './packed.ts'

let app: Packed
beforeAll(() => {
  app = packed(['zod', 'vue', '@types/react'])
})
afterAll(() => app?.remove())

it('an application that writes declarations can export what every entry returns', () => {
  const compiler = 'node_modules/typescript7/bin/tsc'
  expect(declarationsOf(app, compiler, [...declaring, 'react', 'vue'])).toBe('')
})
