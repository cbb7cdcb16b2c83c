import { spawnSync } from 'node:child_process'
import type { Packed } from './packed.ts'

/** Modules of an application that export what the package returns, by the name of their entry. */
const MODULES: Readonly<Record<string, string>> = {
  index: `import { bindList, ChannelSubscriber, ContextRegistry, OptimisticManager, PresenceManager, RealtimeClient } from 'wirefold'
import type { Shop } from './shop.js'
export const client = new RealtimeClient<Shop>('ws://x')
export const channels = new ChannelSubscriber(client)
export const presence = new PresenceManager(channels)
export const me = presence.enter('room/1', { x: 1 })
export const others = presence.of('room/1')
export const tasks = bindList(channels, 'entity:Task', { load: async () => ({ state: await client.request('task:list') }) })
export const view = new OptimisticManager({ client }).view(tasks)
export const registry = new ContextRegistry<{ kind: 'A'; id: string } | { kind: 'B' }>().keyed('A', ({ id }) => id).single('B')
`,
  contract: `import { channel, contexts, entityEvents } from 'wirefold/contract'
import { shop, Task } from './shop.js'
export const registry = contexts(shop, 'shop:{id}')
export const keyed = registry.keyed('order', (order) => order.id).single('till')
export const name = channel(shop, 'shop:{id}', { id: 1 })
export const events = entityEvents(Task)
`,
  signals: `import { type AccessorKind, createRealtimeSignals, realtime, type SignalLibrary } from 'wirefold/signals'
import type { Shop } from './shop.js'
declare const library: SignalLibrary<AccessorKind>
export const { useClient, useConnection, useChannel, useEvent, useRequest, useEntity, useList, usePresence, usePending } =
  createRealtimeSignals<Shop, AccessorKind>(library)
export const all = createRealtimeSignals<Shop, AccessorKind>(library)
export const parts = (client: Parameters<typeof realtime>[0]['client']) => realtime({ client })
`,
  svelte: `import { createRealtimeRunes, createRealtimeStores, type SvelteRunes, type SvelteStores } from 'wirefold/svelte'
import type { Shop } from './shop.js'
declare const svelte: SvelteRunes & SvelteStores
export const { provideRealtime, useClient, useConnection, useChannel, useEvent, useRequest, useEntity, useList, usePresence, usePending } =
  createRealtimeRunes<Shop>(svelte)
export const runes = createRealtimeRunes<Shop>(svelte)
export const stores = createRealtimeStores<Shop>(svelte)
export const { useList: useStoredList, usePresence: useStoredPresence } = stores
`,
  react: `import { createRealtimeHooks } from 'wirefold/react'
import type { Shop } from './shop.js'
export const { RealtimeProvider, useClient, useConnection, useChannel, useEvent, useRequest, useEntity, useList, usePresence, usePending } =
  createRealtimeHooks<Shop>()
export const all = createRealtimeHooks<Shop>()
export const untyped = createRealtimeHooks()
`,
  vue: `import { createRealtimeComposables } from 'wirefold/vue'
import type { Shop } from './shop.js'
export const { provideRealtime, useClient, useConnection, useChannel, useEvent, useRequest, useEntity, useList, usePresence, usePending } =
  createRealtimeComposables<Shop>()
export const all = createRealtimeComposables<Shop>()
export const untyped = createRealtimeComposables()
`,
}

const SHOP = `import { contract, entityEvents } from 'wirefold/contract'
import { z } from 'zod'
export const Task = z.object({ id: z.string(), title: z.string() })
const parts = contract({
  channels: {
    'shop:{id}': { order: z.object({ id: z.string() }), till: z.object({ total: z.number() }) },
    'entity:Task': entityEvents(Task),
  },
  requests: { 'task:list': { reply: z.array(Task) } },
  presence: { 'room/{id}': z.object({ x: z.number() }) },
})
type Parts = typeof parts
export interface Shop extends Parts {}
export const shop: Shop = parts
`

/** The entries of which an application exports results, but for those that need types of React or Vue. */
export const declaring = ['index', 'contract', 'signals', 'svelte'] as const

/**
 * Compiles modules that export what an entry returns, each by itself, to JavaScript and declarations;
 * returns what the compiler says. A type that no entry exports by name cannot stand in a declaration.
 *
 * @param compiler path of the compiler
 */
export function declarationsOf(
  app: Packed,
  compiler: string,
  names: readonly (keyof typeof MODULES)[],
): string {
  app.write('shop.ts', SHOP)
  const said = names.map((name) => {
    app.write(`${name}.ts`, MODULES[name] ?? '')
    const compilerOptions = {
      ...{ target: 'es2022', lib: ['ES2022', 'DOM'], types: [], strict: true, declaration: true },
      ...{ module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true, outDir: 'out' },
    }
    app.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
    const args = [compiler, '-p', app.folder, '--pretty', 'false']
    return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout
  })
  return said.join('')
}
