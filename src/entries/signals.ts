export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type * as EntityTypes from '../adapters/binding/entity-types.ts'
export type * as HookTypes from '../adapters/binding/hook-types.ts'
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
