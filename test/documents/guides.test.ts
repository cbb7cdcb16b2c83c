import { describe, expect, it } from 'vitest'
import { until } from '../support/live.ts'
import { blocks } from './blocks.ts'
import { run } from './run.ts'

/** The programs of the guides that need no other package, each with the block of what it prints. */
const programs = blocks.flatMap((block, index) => {
  const [, name] = /^\/\/ (\S+\.mjs)\n/.exec(block.code) ?? []
  const printed = blocks[index + 1]
  const shows = printed?.document === block.document && printed.language === 'text'
  return name && shows && !block.code.includes("from 'redis'") ? [{ name, block, printed }] : []
})

describe('the programs of the guides', () => {
  it('are at the end of most guides', () => {
    expect(programs.length).toBeGreaterThan(5)
  })

  it.each(programs)('$name prints what its page says', async ({ block, printed }) => {
    const lines: string[] = []
    const log = (...values: unknown[]) => lines.push(values.map(String).join(' '))
    await run(block, { given: { console: { log } } })
    await until(() => expect(`${lines.join('\n')}\n`).toBe(printed.code))
  })
})
