import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { withoutChance } from './scripts/without-chance.ts'
import { writeLicences } from './scripts/write-licences.ts'
import { writeSubpaths } from './scripts/write-subpaths.ts'

/** Packages that become part of the built files: as ES modules alone, Jest could not load them. */
const bundled = ['nanoevents', 'reconnecting-websocket']

export default defineConfig({
  removeNodeProtocol: false,
  // A file of src/entries is the subpath of that name in the exports of package.json.
  entry: ['src/entries/**/*.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  clean: true,
  // What the doors have in common is one chunk: a class that exists twice is two classes.
  splitting: true,
  // Rollup's tree-shaking pass would drop the "use client" directive; esbuild's own keeps it.
  treeshake: false,
  external: ['react', 'ws'],
  noExternal: bundled,
  esbuildPlugins: [withoutChance],
  // tsup hands the compiler a `baseUrl`, which TypeScript 6 only takes with this.
  dts: { compilerOptions: { ignoreDeprecations: '6.0', types: ['node'], stripInternal: true } },
  async onSuccess() {
    // Splitting for CommonJS wraps the module, and so moves the directive from where bundlers look.
    const file = 'dist/react.cjs'
    await writeFile(file, `"use client";\n${await readFile(file, 'utf8')}`)
    await writeLicences(bundled)
    await writeSubpaths()
  },
})
