/**
 * Composables and store factories for signals: Preact, Solid, Angular and others.
 *
 * @module wirefold/signals
 */

export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { EntitySource } from '../adapters/binding/entity-types.ts'
export type {
  PresenceActions,
  PresenceHookView,
  RequestActions,
} from '../adapters/binding/hook-types.ts'
export type { ListActions, ListHookOptions, ListView } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions, RealtimeParts } from '../adapters/binding/realtime-parts.ts'
export type { RequestView } from '../adapters/binding/request-binding.ts'
export type {
  Arg,
  ArgsOf,
  Fields,
  Named,
  RealtimeSignals,
  SignalLibrary,
} from '../adapters/realtime-signals.ts'
export { createRealtimeSignals, realtime } from '../adapters/realtime-signals.ts'
export type {
  AccessorKind,
  FollowingSignal,
  ValueSignal,
  ValueSignalKind,
} from '../adapters/signals.ts'
export { accessorSignals, toSignal, valueSignals } from '../adapters/signals.ts'
export type { RealtimeClient } from '../client/realtime-client.ts'
export type { PendingMutation } from '../optimistic/optimistic-options.ts'
export type { EventFrame } from '../protocol/frame.ts'

/*
 * Types that only the types above use: the declarations of an application name them by these.
 */

/** The types behind the hooks for entities. */
export type * as EntityTypes from '../adapters/binding/entity-types.ts'
/** The types behind the hooks. */
export type * as HookTypes from '../adapters/binding/hook-types.ts'
