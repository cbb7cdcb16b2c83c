import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable } from '../base/store.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'

/**
 * A store of any kind that can be read and set; the same object every time, since what is pending on
 * it is found by that. What somebody else sets it to meanwhile is taken for confirmed.
 */
export interface SettableStore<T> {
  /** The value of this moment. */
  get(): T
  /** Replaces the value. */
  set(value: T): void
}

/**
 * A state that holds only what the server has confirmed: a bound list or record, a slot of a
 * registry, or anything else that has its state as a store.
 */
export interface ConfirmedState<T> {
  /** What is confirmed. */
  readonly state: Readable<T>
  /** Where it comes from, where that is one channel. */
  readonly source?: StateSource<T> | undefined
}

/** One step of a confirmed state. */
export interface StateStep<T> {
  /** What it is now. */
  readonly state: T
  /** What has led to it; none where it was fetched as a whole. */
  readonly events: readonly EventFrame[]
  /** The place in the channel's history that it holds; `undefined` where that is not known. */
  readonly position: Position | undefined
}

/** A channel that moves a confirmed state. */
export interface StateSource<T> {
  /** Its name. */
  readonly channel: string
  /** What of a row tells it from others. */
  key(row: object): string | undefined
  /** The place that the state holds now. */
  readonly position: Position | undefined
  /** Calls `run` with every step, also one that changes nothing, before the state is told to others. */
  follow(run: (step: StateStep<T>) => void): Unsubscribe
  /** Takes what a reply has confirmed and the channel may never tell. */
  confirm(change: (state: T) => T): void
  /** Leaves out what does not belong there, and sorts. */
  arrange(state: T): T
}

/** What mutations are shown on: a store that shows them itself, or a state that stays confirmed. */
export type OptimisticTarget<T> = SettableStore<T> | ConfirmedState<T>
