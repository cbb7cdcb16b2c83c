import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable } from '../base/store.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { ApplicationStore } from './application-store.ts'

/** A channel that moves a confirmed state. */
export interface StateSource<T> {
  /** Name of the channel. */
  readonly channel: string
  /** Returns the key of a row. */
  key(row: object): string | undefined
  /** The position that the state contains now. */
  readonly position: Position | undefined
  /**
   * Calls `run` with every step, even one without a change, before the state's subscribers are
   * notified.
   */
  follow(run: (step: StateStep<T>) => void): Unsubscribe
  /** Applies a result that a reply has confirmed; the channel may never send it. */
  confirm(change: (state: T) => T): void
  /** Returns the state filtered and sorted. */
  arrange(state: T): T
  /** Whether an update carries the whole row, or fields to merge into it. */
  readonly update?: 'merge' | 'replace' | undefined
  /** Returns a row that the state has, but does not show. */
  readonly unseen?: ((key: string) => object | undefined) | undefined
}

/**
 * A state that holds only confirmed values: a bound list or record, a slot of a registry, or any
 * object with its state as a store.
 */
export interface ConfirmedState<T> {
  /** The confirmed state. */
  readonly state: Readable<T>
  /** The channel it is kept in step with, if it is a single one. */
  readonly source?: StateSource<T> | undefined
}

/** One step of a confirmed state. */
export interface StateStep<T> {
  /** The state after the step. */
  readonly state: T
  /** The events that led to it; none if it was fetched as a whole. */
  readonly events: readonly EventFrame[]
  /** The position in the channel's history that it contains; `undefined` where it is not known. */
  readonly position: Position | undefined
}

/**
 * A state that mutations are shown on: a store that shows them itself, or a state that stays
 * confirmed.
 *
 * The store has to be the same object every time, since its pending mutations are looked up by it. A
 * value that the application sets counts as confirmed.
 */
export type OptimisticTarget<T> = ApplicationStore<T> | ConfirmedState<T>
