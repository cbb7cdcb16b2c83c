import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksIn } from '../../documents/blocks.ts'
import { compileErrors } from '../../documents/compile.ts'
import { type Installed, installed } from '../installed.ts'

const page = 'docs/frameworks.md'

describe('the composables on Angular', () => {
  let packages: Installed
  beforeAll(() => {
    packages = installed(['@angular/core@20.3.0', 'rxjs@7.8.2'])
  }, 600_000)
  afterAll(() => packages?.remove())

  const recipe = () => {
    const text = readFileSync(page, 'utf8')
    return blocksIn(page, text).filter(({ code }) => code.includes('@angular/core'))
  }
  const angular = () => ({ '@angular/core': join(packages.modules, '@angular/core') })

  it('compile as the page shows them, with the types of Angular', () => {
    expect(recipe()).toHaveLength(1)
    expect(compileErrors(recipe(), angular())).toEqual([])
  }, 600_000)

  it('fail to compile where they misuse a function of Angular', () => {
    const wrong = recipe().map((block) => ({
      ...block,
      code: block.code.replace('store.set(value)', 'store.put(value)'),
    }))
    expect(compileErrors(wrong, angular()).join('\n')).toMatch(/'put' does not exist/)
  }, 600_000)
})
