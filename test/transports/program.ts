import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from '../support/compile.ts'

/**
 * Runs a module of this folder as a program of its own, and gives what it printed.
 *
 * It has to end by itself, and fails where something was thrown that nobody caught.
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
