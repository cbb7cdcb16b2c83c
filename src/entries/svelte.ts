/**
 * Stores, runes and hooks for Svelte 5, and stores for Svelte 4.
 *
 * @module wirefold/svelte
 */

export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { ListHookOptions } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions } from '../adapters/binding/realtime-parts.ts'
export type {
  CreateSubscriber,
  Rune,
  SvelteKind,
  SvelteReadable,
  SvelteWritable,
} from '../adapters/svelte.ts'
export { fromReadable, svelteStores } from '../adapters/svelte.ts'
export type {
  RuneKind,
  SvelteComposables,
  SvelteContexts,
  SvelteRunes,
  SvelteStores,
} from '../adapters/svelte-realtime.ts'
export { createRealtimeRunes, createRealtimeStores } from '../adapters/svelte-realtime.ts'
