import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import type { Packed } from './packed.ts'

/** A way in which TypeScript resolves the types of a package. */
export interface Resolution {
  /** The extension of the program's file, which selects ES module or CommonJS. */
  readonly ending: '.ts' | '.mts' | '.cts'
  readonly options: object
}

/** The module resolutions that applications use. */
export const resolutions = {
  'nodenext, as an ES module': {
    ending: '.mts',
    options: { module: 'nodenext', moduleResolution: 'nodenext' },
  },
  'node16, as CommonJS': {
    ending: '.cts',
    options: { module: 'node16', moduleResolution: 'node16' },
  },
  bundler: { ending: '.ts', options: { module: 'esnext', moduleResolution: 'bundler' } },
  node10: { ending: '.ts', options: { module: 'commonjs', moduleResolution: 'node10' } },
} as const satisfies Record<string, Resolution>

/** A compiler, and the options that it always gets. */
export interface Compiler {
  readonly file: string
  readonly options: object
}

/** A program of an application, and how it is compiled. */
export interface TypeCheck {
  readonly app: Packed
  readonly compiler: Compiler
  readonly resolution: Resolution
  /** The entries of the package that the program imports. */
  readonly imported?: readonly string[]
  /** The packages of global types in the program. */
  readonly types?: readonly string[]
  /**
   * Libraries of the language in addition to ES2022.
   * @default DOM
   */
  readonly lib?: readonly string[]
  /** The rest of the program. */
  readonly rest?: string
}

/** Compiles a program and checks every declaration file; returns the compiler's output. */
export function typeCheck(check: TypeCheck): string {
  const { app, compiler, resolution, imported = [], types = [], lib = ['DOM'], rest = '' } = check
  const lines = imported.map((entry, index) => `export * as entry${index} from '${entry}'`)
  const file = `program${resolution.ending}`
  app.write(file, `${lines.join('\n')}\n${rest}`)
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['ES2022', ...lib], types },
    ...{ strict: true, noEmit: true, skipLibCheck: false },
    ...{ ...resolution.options, ...compiler.options },
  }
  app.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }))
  const args = [resolve(compiler.file), '-p', app.folder]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return stdout + stderr
}
