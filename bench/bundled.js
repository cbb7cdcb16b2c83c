/* Modules bundled by esbuild: for their size, and to run what only a bundler can load. */
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Bundles the text of a module for browsers, with the settings of the size limits. */
export async function bundled(contents, options = {}) {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    ...{ bundle: true, write: false, treeShaking: true, format: 'esm', platform: 'browser' },
    ...{ target: 'es2022', logLevel: 'silent' },
    ...options,
  })
  return outputFiles[0].contents
}

/** Bundles the text of a module, and imports it. */
export async function importBundled(contents) {
  const file = join(tmpdir(), `wirefold-bench-${process.pid}.mjs`)
  writeFileSync(file, await bundled(contents))
  try {
    return await import(pathToFileURL(file).href)
  } finally {
    rmSync(file)
  }
}
