import type { EventFrame } from '../protocol/frame.ts'

/** Something events are folded into as they arrive. */
export interface Sink {
  fold(events: readonly EventFrame[]): void
}
