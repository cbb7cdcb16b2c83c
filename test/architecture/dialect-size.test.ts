import { createRequire } from 'node:module'
import { brotliCompressSync } from 'node:zlib'
import { expect, it } from 'vitest'

/** As much of esbuild as this takes; it is installed with the tool that builds the package. */
interface Esbuild {
  build(
    options: object,
  ): Promise<{ readonly outputFiles: readonly { readonly contents: Uint8Array }[] }>
}
const installed = createRequire(createRequire(import.meta.url).resolve('tsup'))
const esbuild: Esbuild = installed('esbuild')

const client = `
  export { RealtimeClient } from './src/client/realtime-client.ts'
  export { ChannelSubscriber } from './src/channels/channel-subscriber.ts'
`

/** The size of some exports as an application ships them, in bytes. */
async function shipped(modules: readonly string[]): Promise<number> {
  const contents = modules.join('\n')
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    ...{ bundle: true, minify: true, write: false, format: 'esm', target: 'es2022' },
  })
  return outputFiles.reduce((sum, file) => sum + brotliCompressSync(file.contents).length, 0)
}

/** What else an application may ship: a compressor's luck with one neighbour is some twenty bytes. */
const neighbours = [
  '',
  `export { ContextRegistry } from './src/context/context-registry.ts'`,
  `export { feed } from './src/channels/feed.ts'`,
]
const without = Promise.all(neighbours.map((other) => shipped([client, other])))

// What a dialect adds is the measure, not what it is alone: nobody ships one without a client, and
// what both read messages with is there once. It is the mean over what it may stand beside.
it.each([
  ['duui', 700],
  // It remembers where we are: its backend tells who is there only to whoever comes.
  ['entity', 1_000],
  ['socketio', 700],
  ['streams', 700],
  // It also forgets the initial topics that were left, and words of events that it never has.
  ['topics', 720],
])(
  'the plain dialect %s adds no more than %i bytes to a client with channels',
  async (name, most) => {
    const dialect = `export { ${name} } from './src/entries/dialects/${name}.ts'`
    const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)
    const within = await Promise.all(neighbours.map((other) => shipped([client, other, dialect])))
    const added = (sum(within) - sum(await without)) / neighbours.length
    expect(added).toBeGreaterThan(0)
    expect(added).toBeLessThanOrEqual(most)
  },
)
