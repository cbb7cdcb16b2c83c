import { createRequire } from 'node:module'
import { brotliCompressSync } from 'node:zlib'
import { expect, it } from 'vitest'

/** The part of esbuild's API that this test uses; it is installed with tsup. */
interface Esbuild {
  build(
    options: object,
  ): Promise<{ readonly outputFiles: readonly { readonly contents: Uint8Array }[] }>
}
const requireFromTsup = createRequire(createRequire(import.meta.url).resolve('tsup'))
const esbuild: Esbuild = requireFromTsup('esbuild')

const client = `
  export { RealtimeClient } from './src/client/realtime-client.ts'
  export { ChannelSubscriber } from './src/channels/channel-subscriber.ts'
`

/** Returns the compressed size of a bundle of exports, in bytes. */
async function bundleSize(modules: readonly string[]): Promise<number> {
  const contents = modules.join('\n')
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    ...{ bundle: true, minify: true, write: false, format: 'esm', target: 'es2022' },
  })
  return outputFiles.reduce((sum, file) => sum + brotliCompressSync(file.contents).length, 0)
}

/** Other code in the bundle: it changes how well the rest compresses, by some twenty bytes. */
const neighbours = [
  '',
  `export { ContextRegistry } from './src/context/context-registry.ts'`,
  `export { feed } from './src/channels/feed.ts'`,
]
const without = Promise.all(neighbours.map((other) => bundleSize([client, other])))

// Measures the bytes that a dialect adds to a client, since both share code. The result is the mean
// over the other code in the bundle; a text that changes in the core still moves it by up to 50 bytes.
it.each([
  ['actioncable', 1_000],
  // Contains restored sessions, and the positions of several streams per channel.
  ['anycable', 2_300, 'actioncable'],
  ['anycable, anycablePresence, resourceOf', 2_700, 'actioncable'],
  ['duui', 700],
  // Also checks the declaration.
  ['jsonDialect', 2_050, 'json'],
  // Contains presence state, because its backend sends present users only to a new subscriber.
  ['entity', 1_050],
  ['sessions', 700, 'socketio'],
  // Any Socket.IO server: rooms, namespaces, bytes, recovery, and answers to the server.
  ['socketio, acknowledge', 2_050, 'socketio'],
  // Contains presence, whose list and changes the client has to keep.
  ['phoenix', 2_050],
  // The same with bytes.
  ['phoenix, withBinary', 2_650, 'phoenix'],
  // The same with the changes of tables, and the renewal of tokens.
  ['supabase', 4_000, 'phoenix'],
  ['graphqlWs', 1_200, 'graphql-ws'],
  // With the transport: half of it is the reader of event streams, statuses and HTTP requests.
  ['graphqlSse, graphqlSseTransport', 2_450, 'graphql-ws'],
  // Contains HTTP: requests, statuses, and streams that continue or are lost, one by one.
  ['sse', 2_050],
  // Presence, signed subscribes by HTTP, and a hook for encrypted channels.
  ['pusher, pusherUrl, withChannelAuth, withDecryption', 2_200, 'pusher'],
  ['streams', 700],
  // Also unsubscribes from initial topics, and rejects unsupported commands.
  ['topics', 720],
] satisfies [names: string, most: number, entry?: string][])(
  'the plain dialect %s adds at most %i bytes to a client with channels',
  async (name, most, entry = name) => {
    const dialect = `export { ${name} } from './src/entries/dialects/${entry}.ts'`
    const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)
    const within = await Promise.all(
      neighbours.map((other) => bundleSize([client, other, dialect])),
    )
    const added = (sum(within) - sum(await without)) / neighbours.length
    expect(added).toBeGreaterThan(0)
    expect(added).toBeLessThanOrEqual(most)
  },
)
