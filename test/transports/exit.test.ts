import { describe, expect, it } from 'vitest'
import { runProgram } from './program.ts'

describe('a program that closes its clients', () => {
  it('ends at once', async () => {
    // The shortest timer of a client that could keep it alive is the connect deadline, 10 s.
    expect(Number(await runProgram('exit-run.ts'))).toBeLessThan(9_000)
  }, 600_000)

  it('ends at once over HTTP, too', async () => {
    // The shortest timer that could keep it alive is the time limit of a silence, 60 s.
    expect(Number(await runProgram('http-exit-run.ts'))).toBeLessThan(9_000)
  }, 600_000)
})
