import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { withoutChance } from './scripts/without-chance.ts'
import { writeLicences } from './scripts/write-licences.ts'
import { writeSubpaths } from './scripts/write-subpaths.ts'

/** Packages bundled into the build: they are published as ES modules only, which Jest cannot load. */
const bundled = ['nanoevents', 'reconnecting-websocket']

export default defineConfig({
  removeNodeProtocol: false,
  // Each file of src/entries is a subpath of the same name in `exports` of package.json.
  entry: ['src/entries/**/*.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  clean: true,
  // Entries share chunks: a class that is bundled twice breaks `instanceof`.
  splitting: true,
  // Rollup's tree shaking drops the "use client" directive; esbuild's keeps it.
  treeshake: false,
  external: ['react', 'vite', 'vue', 'ws'],
  noExternal: bundled,
  esbuildPlugins: [withoutChance],
  // tsup sets `baseUrl`, which TypeScript 6 rejects without `ignoreDeprecations`.
  dts: { compilerOptions: { ignoreDeprecations: '6.0', types: ['node'], stripInternal: true } },
  async onSuccess() {
    // The CommonJS output of `splitting` wraps the module, so the directive is not the first statement.
    const file = 'dist/react.cjs'
    await writeFile(file, `"use client";\n${await readFile(file, 'utf8')}`)
    await writeLicences(bundled)
    await writeSubpaths()
  },
})
