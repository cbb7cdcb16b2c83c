import { describe, expect, it } from 'vitest'
import { runProgram } from './program.ts'

describe('a program whose clients are closed', () => {
  it('ends at once', async () => {
    expect(Number(await runProgram('exit-run.ts'))).toBeLessThan(500)
  }, 60_000)
})
