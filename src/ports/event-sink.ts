import type { EventFrame } from '../protocol/frame.ts'

/** A target that folds events into its state as they arrive. */
export interface Sink {
  /** Folds events, in their order, into the state. */
  fold(events: readonly EventFrame[]): void
}
