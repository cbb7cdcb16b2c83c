import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const FRAMEWORK =
  /(?:from|import)\s*\(?\s*['"]((?:react|react-dom|svelte|solid-js|vue|@vue\/\w+|@preact\/[\w-]+)(?:\/[^'"]*)?)['"]/g

it('only the adapters of React and Vue import a framework, so that every other entry works without', () => {
  const source = new URL('../../src/', import.meta.url)
  const imports: string[] = []
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const text = readFileSync(new URL(file, source), 'utf8').replace(
      /^\s*(?:\*|\/\/|\/\*).*$/gm,
      '',
    )
    for (const [, name] of text.matchAll(FRAMEWORK)) imports.push(`${file}: ${name}`)
  }
  expect(new Set(imports)).toEqual(
    new Set([
      'adapters/react.ts: react',
      'adapters/react-realtime.ts: react',
      'adapters/vue.ts: vue',
    ]),
  )
})
