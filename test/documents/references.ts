import { posix } from 'node:path'

/** Returns the texts of the short code in a document, without its blocks. */
const codeIn = (text: string): readonly string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** Returns `a/b.ts` and `a/c.ts` for `a/{b,c}.ts`. */
function expanded(path: string): readonly string[] {
  const [, before = '', choices, after = ''] = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(path) ?? []
  if (choices === undefined) return [path]
  return choices.split(',').flatMap((choice) => expanded(`${before}${choice}${after}`))
}

/** Returns whether a file or folder has the path, in which `*` stands for a part of a name. */
function exists(path: string, files: readonly string[]): boolean {
  const pattern = path.replace(/[.+?^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
  const named = new RegExp(`^${pattern}(\\.isolated)?(\\.test\\.tsx?)?(/|$)`)
  return files.some((file) => named.test(file))
}

/**
 * Returns the paths of tests that a document names and that do not exist. Its table may leave out the
 * extension `.test.ts`.
 *
 * @param files the paths of all files of `test`
 * @param folder the folder of the tests that the last column of a table names by file only
 */
export function deadTests(
  text: string,
  files: readonly string[],
  folder?: string,
): readonly string[] {
  const named = codeIn(text)
    .flatMap((code) => code.match(/(?<![\w./])test\/[\w./{},*-]*[\w}*](?![\w<]|\/<)/g) ?? [])
    .flatMap(expanded)
  const rows = folder === undefined ? [] : text.split('\n').filter(rowNumber)
  const inFolder = rows
    .flatMap((row) => codeIn(row.split('|').at(-2) ?? ''))
    .filter((name) => !name.startsWith('test/'))
    .map((name) => posix.join(folder ?? '', name))
  return [...named, ...inFolder].filter((path) => !exists(path, files))
}

/** Returns the name of a row whose first cell is a number, with a letter before it or not. */
function rowNumber(line: string): string | undefined {
  const [, number] = /^\| ([A-Z]?\d+) \|/.exec(line) ?? []
  return number && `row ${number}`
}

/**
 * Returns the numbers that begin more than one row of a document's tables, or more than one heading,
 * and the headings that stand twice below the same one.
 */
export function repeated(text: string): readonly string[] {
  const path: string[] = []
  const found = text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .split('\n')
    .flatMap((line) => {
      const [, level = '', title = ''] = /^(#+) (.+)$/.exec(line) ?? []
      if (level === '') return rowNumber(line) ?? []
      path.splice(level.length - 1, path.length, title)
      const [, number] = /^(\d+)\. /.exec(title) ?? []
      return number === undefined ? path.join(' > ') : `heading ${number}`
    })
  return found.filter((name, index) => found.indexOf(name) !== index)
}
