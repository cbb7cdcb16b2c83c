export type {
  AccessorKind,
  FollowingSignal,
  ValueSignal,
  ValueSignalKind,
} from '../adapters/signals.ts'
export { accessorSignals, toSignal, valueSignals } from '../adapters/signals.ts'
