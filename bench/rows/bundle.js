/*
 * Bundle: bytes of a client that connects, subscribes to a channel and handles its events, bundled by
 * esbuild as in the size limits, and compressed with brotli. The other packages do less: see
 * bench/README.md.
 */
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { bundled } from '../bundled.js'

const dist = process.env.BENCH_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url))

const entries = {
  wirefold: `export { RealtimeClient, ChannelSubscriber } from '${dist}/index.js'`,
  phoenix: `export { Socket } from 'phoenix'`,
  anycable: `export { createCable } from '@anycable/web'`,
  'socket.io': `export { io } from 'socket.io-client'`,
  supabase: `export { RealtimeClient } from '@supabase/realtime-js'`,
  centrifuge: `export { Centrifuge } from 'centrifuge'`,
}

/** Returns the compressed size of a bundle of a module, in bytes. */
async function bytesOf(contents) {
  return brotliCompressSync(await bundled(contents, { minify: true })).length
}

export async function measure() {
  const results = {}
  for (const [name, contents] of Object.entries(entries)) {
    results[name] = { value: await bytesOf(contents) }
  }
  const everything = { wirefold: { value: await bytesOf(`export * from '${dist}/index.js'`) } }
  return {
    title: 'Bundle, minified and compressed with brotli',
    figures: [
      { name: 'connect, subscribe, handle', unit: 'B', must: 11_900, results },
      { name: 'everything', unit: 'B', must: 20_500, results: everything },
    ],
  }
}
