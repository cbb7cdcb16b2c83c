import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The compilers of the repository, by their version. */
export const compilers = {
  'TypeScript 6': 'node_modules/typescript/bin/tsc',
  'TypeScript 7': 'node_modules/typescript7/bin/tsc',
} as const

/** The version of a compiler of the repository. */
export type Compiler = keyof typeof compilers

/** A program of an application that imports the sources of the package. */
export interface Program {
  /** Path of the compiler. */
  readonly compiler: string
  /** Texts by file name; paths of the repository are compiled as they are. */
  readonly files: Readonly<Record<string, string>> | readonly string[]
  /** Options beside those of the repository. */
  readonly options?: object
  /** Arguments of the compiler. */
  readonly args?: readonly string[]
}

/** Compiles a program in a folder of its own; returns the compiler's output. */
export function compiled({ compiler, files, options = {}, args = [] }: Program): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-contract-')))
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction')
    const texts = Array.isArray(files) ? [] : Object.entries(files)
    for (const [name, text] of texts) writeFileSync(join(folder, name), text)
    const config = {
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        paths: {
          wirefold: [resolve('src/entries/index.ts')],
          'wirefold/*': [resolve('src/entries/*.ts')],
        },
        // A symbolic link to the repository's packages.
        preserveSymlinks: false,
        ...options,
      },
      include: [],
      files: Array.isArray(files) ? files.map((file) => resolve(file)) : Object.keys(files),
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const command = [resolve(compiler), '-p', folder, '--pretty', 'false', ...args]
    const { stdout, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      cwd: folder,
    })
    return stdout + stderr
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
