/**
 * Refs, hooks and a plugin for Vue.
 *
 * @module wirefold/vue
 */

export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { ListHookOptions } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions } from '../adapters/binding/realtime-parts.ts'
export type { RealtimeComposables, VueKind } from '../adapters/vue.ts'
export { createRealtimeComposables } from '../adapters/vue.ts'
