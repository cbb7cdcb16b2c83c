import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Compiler, compilers } from '../contract/compiled-program.ts'
import { type Block, blocks } from './blocks.ts'
import { examples } from './examples.ts'

/** The file that declares the names that blocks use from the reader's application. */
export const PLACEHOLDERS = 'test/documents/placeholders.d.ts'

/** The files that declare the parts that blocks use of packages that are not installed. */
const DECLARED: Readonly<Record<string, string>> = {
  '@angular/core': 'test/documents/angular.d.ts',
  '@vitejs/plugin-react': 'test/documents/plugin-react.d.ts',
  express: 'test/documents/http-frameworks.d.ts',
}

/** The languages that the compiler reads. */
export const compiled: ReadonlySet<string> = new Set(['ts', 'tsx', 'js'])

/** The blocks of all documents, and the examples of the reference, that the compiler reads. */
export const programs: readonly Block[] = [...blocks, ...examples].filter(({ language }) =>
  compiled.has(language),
)

/**
 * Compiles blocks, each as its own module, with the flags of this project. A block that begins with
 * `// shop.ts` is what the others of its folder import as `./shop.ts`.
 *
 * @param installed packages by their name, in place of the declared parts of these
 * @returns the compiler errors, each with its document and line
 */
export function compileErrors(
  blocks: readonly Block[],
  installed: Readonly<Record<string, string>> = {},
  compiler: Compiler = 'TypeScript 7',
): readonly string[] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-blocks-')))
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction')
    const byFile = new Map(blocks.map((block) => [fileOf(block), block]))
    for (const [file, { code }] of byFile) {
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      writeFileSync(join(folder, file), code)
    }
    const declared = Object.entries(DECLARED).filter(([name]) => !(name in installed))
    const config = {
      extends: resolve('tsconfig.json'),
      compilerOptions: optionsIn(folder, installed),
      include: [],
      files: [
        resolve(PLACEHOLDERS),
        ...declared.map(([, file]) => resolve(file)),
        ...byFile.keys(),
      ],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const command = [resolve(compilers[compiler]), '-p', folder, '--pretty', 'false']
    const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', cwd: folder })
    return errorsOf(stdout, byFile)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the path of a block's file in the folder of all blocks. */
function fileOf({ document, line, language, code }: Block): string {
  const [, name] = /^\/\/ (\S+\.tsx?)\n/.exec(code) ?? []
  if (name !== undefined) return join(dirname(document), name).replaceAll('\\', '/')
  return `${document}.${line}.${language}`
}

function optionsIn(folder: string, installed: Readonly<Record<string, string>>) {
  const packages = Object.entries(installed).map(([name, path]) => [name, [path]])
  return {
    moduleDetection: 'force',
    types: ['node'],
    checkJs: true,
    // Blocks import files beside their document; those of docs/testing.md are in `test/dom/guide`.
    rootDirs: [folder, resolve('.'), join(folder, 'docs'), resolve('test/dom/guide')],
    paths: {
      wirefold: [resolve('src/entries/index.ts')],
      'wirefold/*': [resolve('src/entries/*.ts')],
      // The runner of Playwright, which is a package of its own, exports this part of the library.
      '@playwright/test': [resolve('node_modules/playwright/test.d.ts')],
      ...Object.fromEntries(packages),
    },
  }
}

/**
 * Returns the errors of blocks and placeholders in the compiler's output. Throws if the output has
 * another error, without which these might not have been found.
 */
function errorsOf(output: string, byFile: ReadonlyMap<string, Block>): readonly string[] {
  const lines = output.split(/\r?\n(?! |$)/).map((text) => text.trimEnd())
  return lines.filter(Boolean).map((text) => {
    const [, file = '', line, message] = /^(.+)\((\d+),\d+\): error TS\d+: (.*)$/s.exec(text) ?? []
    const block = byFile.get(file)
    if (block) return `${block.document}:${block.line + Number(line) - 1}: ${message}`
    if (file.endsWith(PLACEHOLDERS)) return `${PLACEHOLDERS}:${line}: ${message}`
    throw new Error(`The compiler failed: ${text}`)
  })
}
