import { describe, expect, it } from 'vitest'
import { until } from '../support/live.ts'
import { blocks } from './blocks.ts'
import { run } from './run.ts'

/** The programs of the guides, each with the block behind it, which is what it prints. */
const programs = blocks.flatMap((block, index) => {
  const [, name] = /^\/\/ (\S+\.mjs)\n/.exec(block.code) ?? []
  return name === undefined ? [] : [{ name, block, printed: blocks[index + 1] }]
})

describe('the programs of the guides', () => {
  it('are at the end of most guides', () => {
    expect(programs.length).toBeGreaterThan(0)
  })

  it.each(programs)('$name prints what its page says', async ({ block, printed }) => {
    expect(printed).toMatchObject({ document: block.document, language: 'text' })
    const lines: string[] = []
    const log = (...values: unknown[]) => lines.push(values.map(String).join(' '))
    await run(block, { given: { console: { log } } })
    await until(() => expect(`${lines.join('\n')}\n`).toBe(printed?.code))
  })
})
