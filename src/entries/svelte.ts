/**
 * Composables for the runes of Svelte 5, and for the stores of Svelte 4 and 5.
 *
 * @module wirefold/svelte
 */

export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { EntitySource } from '../adapters/binding/entity-types.ts'
export type {
  PresenceActions,
  PresenceHookView,
  RequestActions,
} from '../adapters/binding/hook-types.ts'
export type { ListActions, ListHookOptions, ListView } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions } from '../adapters/binding/realtime-parts.ts'
export type { RequestView } from '../adapters/binding/request-binding.ts'
export type { Arg, ArgsOf, Fields, Named } from '../adapters/realtime-signals.ts'
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
export type { RealtimeClient } from '../client/realtime-client.ts'
export type { PendingMutation } from '../optimistic/optimistic-options.ts'
export type { EventFrame } from '../protocol/frame.ts'
