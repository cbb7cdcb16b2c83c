export type { ConnectionView } from '../adapters/binding/connection-view.ts'
export type { ListHookOptions } from '../adapters/binding/list-binding.ts'
export type { RealtimeOptions, RealtimeParts } from '../adapters/binding/realtime-parts.ts'
export type { Fields, RealtimeSignals, SignalLibrary } from '../adapters/realtime-signals.ts'
export { createRealtimeSignals, realtime } from '../adapters/realtime-signals.ts'
export type {
  AccessorKind,
  FollowingSignal,
  ValueSignal,
  ValueSignalKind,
} from '../adapters/signals.ts'
export { accessorSignals, toSignal, valueSignals } from '../adapters/signals.ts'
