import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Bundles a module of this folder with its imports into one script. */
export async function bundled(file: string): Promise<string> {
  const entry = fileURLToPath(new URL(file, import.meta.url))
  const lib = { entry, formats: ['iife' as const], name: 'bundle' }
  const built = await build({
    ...{ configFile: false, logLevel: 'error', build: { write: false, lib } },
    // React in its development build, in which StrictMode mounts each component twice.
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('Nothing was built.')
  return output.output[0].code.replaceAll('</script', '<\\/script')
}
