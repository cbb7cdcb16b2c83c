import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(path, 'utf8')
const page = read('docs/browsers.md')

it('the page names the oldest Node, that of CI, and the language that the package is compiled to', () => {
  const { engines } = JSON.parse(read('package.json'))
  const [, major] = /container: node:(\d+)/.exec(read('.github/workflows/test.yml')) ?? []
  const [, target] = /target: '(\w+)'/.exec(read('tsup.config.ts')) ?? []
  const [, row = ''] = /^\| (Node .*in CI and.*)\|$/m.exec(page) ?? []
  expect(row).toMatch(new RegExp(`^Node ${major} \\(${engines.node.replace('>=', '>= ')}\\) `))
  expect(page).toContain(`compiled to \`${target}\``)
})
