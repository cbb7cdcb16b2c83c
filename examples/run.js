/*
 * Runs a TypeScript program of this folder: node examples/run.js examples/node-script/server.ts
 *
 * Node 22.18 and later run .ts files by themselves; this lets Vite compile them for older versions, and JSX.
 */
import { resolve } from 'node:path'
import { createServer, createServerModuleRunner } from 'vite'

const [, , file] = process.argv
if (!file) throw new Error('Name a program: node examples/run.js examples/node-script/server.ts')
const vite = await createServer({
  configFile: false,
  // Only compiles: no HTTP server, no WebSocket, no watched files.
  server: { middlewareMode: true, ws: false, watch: null },
  // The built package, as in an application.
  ssr: { external: ['wirefold'] },
  optimizeDeps: { noDiscovery: true },
})
const runner = createServerModuleRunner(vite.environments.ssr, { hmr: false })
await runner.import(resolve(file))
