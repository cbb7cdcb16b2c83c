import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { build } from 'vite'

/** A module of the tests as a file that Node runs by itself. */
export interface Compiled {
  readonly file: string
  /** Deletes the file. */
  remove(): Promise<void>
}

/** Compiles a module, given by its path in the repository, together with all it imports. */
export async function compile(module: string): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'wirefold-program-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await build({
      configFile: false,
      logLevel: 'error',
      build: { ssr: module, outDir: folder, emptyOutDir: true },
      ssr: { noExternal: true },
    })
  } catch (error) {
    await remove()
    throw error
  }
  return { file: join(folder, basename(module).replace(/\.ts$/, '.js')), remove }
}
