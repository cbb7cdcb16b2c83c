import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('the sizes in the README are the enforced ones', () => {
  const readme = readFileSync('README.md', 'utf8')
  const documented = [...readme.matchAll(/under\s+([\d.]+ kB)/g)].map(([, size]) => size)
  const limits: { limit: string }[] = JSON.parse(readFileSync('.size-limit.json', 'utf8'))
  expect(documented).toEqual(limits.slice(0, 3).map(({ limit }) => limit))
})
