import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import type { Block } from './blocks.ts'

/** The file that declares the names that blocks use from the reader's application. */
export const PLACEHOLDERS = 'test/documents/placeholders.d.ts'

/** The file that declares the part of Angular that blocks use: Angular itself is not installed. */
const ANGULAR = 'test/documents/angular.d.ts'

/** The languages that the compiler reads. */
export const compiled: ReadonlySet<string> = new Set(['ts', 'tsx', 'js'])

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
): readonly string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.json',
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
      },
    },
  )
  const options: ts.CompilerOptions = {
    ...config?.options,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    checkJs: true,
    // The blocks of docs/testing.md import files that `test/dom` runs.
    rootDirs: [resolve('docs'), resolve('test/dom/guide')],
    // The runner of Playwright, which is a package of its own, exports this part of the library.
    paths: {
      ...config?.options.paths,
      '@playwright/test': [resolve('node_modules/playwright/test.d.ts')],
      ...Object.fromEntries(Object.entries(installed).map(([name, folder]) => [name, [folder]])),
    },
  }
  const byFile = new Map(
    blocks.map((block) => {
      const [, name] = /^\/\/ (\S+\.ts)\n/.exec(block.code) ?? []
      const own = `${block.document}.${block.line}.${block.language}`
      const file = resolve(name === undefined ? own : join(dirname(block.document), name))
      return [file.replaceAll('\\', '/'), block]
    }),
  )
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.readFile = (file) => byFile.get(file)?.code ?? readFile(file)
  host.fileExists = (file) => byFile.has(file) || fileExists(file)
  const program = ts.createProgram(
    [
      resolve(PLACEHOLDERS),
      ...('@angular/core' in installed ? [] : [resolve(ANGULAR)]),
      ...byFile.keys(),
    ],
    options,
    host,
  )

  return program.getSourceFiles().flatMap((source) => {
    const block = byFile.get(source.fileName)
    if (!block && !source.fileName.endsWith(PLACEHOLDERS)) return []
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]
    return found.map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start)
      const place = block ? `${block.document}:${block.line + line}` : `${PLACEHOLDERS}:${line + 1}`
      return `${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
