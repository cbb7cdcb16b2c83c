import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { withoutChance } from './scripts/without-chance.ts'
import { writeLicences } from './scripts/write-licences.ts'
import { writeSubpaths } from './scripts/write-subpaths.ts'

/** Packages that become part of the built files: as ES modules alone, Jest could not load them. */
const bundled = ['nanoevents', 'reconnecting-websocket']

export default defineConfig({
  removeNodeProtocol: false,
  // One entry per door of package.json's exports; the file is named after its door.
  entry: {
    index: 'src/index.ts',
    'dialects/duui': 'src/dialects/duui-door.ts',
    'dialects/entity': 'src/dialects/entity-door.ts',
    'dialects/topics': 'src/dialects/topics-door.ts',
    'dialects/streams': 'src/dialects/streams-door.ts',
    'dialects/socketio': 'src/dialects/socketio-door.ts',
    // The hooks twice: marked "use client" for servers that render, and plain for everything else.
    react: 'src/adapters/react-client.ts',
    'react-hooks': 'src/adapters/react.ts',
    svelte: 'src/adapters/svelte.ts',
    signals: 'src/adapters/signals.ts',
    'reconnecting-websocket': 'src/transports/reconnecting-websocket.ts',
    'socketio-client': 'src/transports/socketio-client.ts',
    indexeddb: 'src/storage/indexeddb.ts',
    server: 'src/server/index.ts',
    'server/redis': 'src/server/redis/index.ts',
    testing: 'src/testing/index.ts',
  },
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
