import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { longest } from '../../vitest.config.ts'

it('each of the longest files of tests, which begin first, exists', () => {
  expect(longest.filter((file) => !existsSync(file))).toEqual([])
})
