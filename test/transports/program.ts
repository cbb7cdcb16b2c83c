import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'

/**
 * Runs a module of this folder as a program of its own, and gives what it printed.
 *
 * It has to end by itself, and fails where something was thrown that nobody caught.
 */
export async function runProgram(name: string, flags: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wirefold-program-'))
  try {
    await build({
      configFile: false,
      logLevel: 'error',
      build: { ssr: join('test/transports', name), outDir: folder, emptyOutDir: true },
      ssr: { noExternal: true },
    })
    const file = join(folder, basename(name).replace(/\.ts$/, '.js'))
    const program = promisify(execFile)(process.execPath, [...flags, file], { timeout: 30_000 })
    return (await program).stdout
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
