/**
 * Composables for Vue, whose values are refs.
 *
 * @module wirefold/vue
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
export type { RealtimeComposables, VueKind } from '../adapters/vue.ts'
export { createRealtimeComposables } from '../adapters/vue.ts'
export type { RealtimeClient } from '../client/realtime-client.ts'
export type { PendingMutation } from '../optimistic/optimistic-options.ts'
export type { EventFrame } from '../protocol/frame.ts'
