import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from '../support/compile.ts'

/**
 * Runs a module of this folder as a separate program, and returns its output.
 *
 * The program must end by itself; an uncaught error fails it.
 */
export async function runProgram(name: string, flags: readonly string[] = []): Promise<string> {
  const { file, remove } = await compile(join('test/transports', name))
  try {
    const program = promisify(execFile)(process.execPath, [...flags, file], { timeout: 90_000 })
    return (await program).stdout
  } finally {
    await remove()
  }
}
