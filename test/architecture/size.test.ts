import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('the sizes the README promises are the ones that are enforced', () => {
  const readme = readFileSync('README.md', 'utf8')
  const promised = [...readme.matchAll(/under\s+([\d.]+ kB)/g)].map(([, size]) => size)
  const limits: { limit: string }[] = JSON.parse(readFileSync('.size-limit.json', 'utf8'))
  expect(promised).toEqual(limits.slice(0, 3).map(({ limit }) => limit))
})
