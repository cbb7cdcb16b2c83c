import type { EventFrame } from './frame.ts'

/** Something events are folded into as they arrive. */
export interface Sink {
  fold(events: readonly EventFrame[]): void
}
