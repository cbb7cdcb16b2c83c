import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import { idOf } from './entity-change.ts'
import { find } from './row-mutations.ts'
import type {
  ConfirmedState,
  OptimisticTarget,
  SettableStore,
  StateSource,
  StateStep,
} from './state-source.ts'

/** What mutations lie upon, and where they are shown. */
export interface OverlayBase<T> {
  /** The channel that moves it, where it is one. */
  readonly source: StateSource<T> | undefined
  /** Whether nobody but its mutations brings it what was confirmed. */
  readonly own: boolean
  /** What is shown, where that is a store beside it. */
  readonly view: Readable<T> | undefined
  /** What is confirmed now, where it was `base` before. */
  look(base: T): T
  /** Shows what the mutations make of it. */
  show(view: T): void
  /** Calls `run` with every step of it that somebody else brings about. */
  follow(run: (step: StateStep<T>) => void): Unsubscribe
}

/** Whether a target shows its mutations itself. */
export function isSettableStore<T>(target: OptimisticTarget<T>): target is SettableStore<T> {
  return 'set' in target
}

/** A store that shows its pending mutations itself; what is confirmed is known to its overlay alone. */
export function settableBase<T>(store: SettableStore<T>): OverlayBase<T> {
  let shown = store.get()
  return {
    source: undefined,
    own: true,
    view: undefined,
    look(base) {
      const now = store.get()
      return Object.is(now, shown) ? base : confirmedIn(now, base)
    },
    show(view) {
      shown = view
      // Some stores tell of any object they are set to, be it the same.
      if (!Object.is(store.get(), view)) store.set(view)
    },
    follow: () => () => {},
  }
}

/** A state that stays confirmed, and beside it the store that shows its pending mutations. */
export function confirmedBase<T>(
  { state, source }: ConfirmedState<T>,
  onError: (error: unknown) => void,
): OverlayBase<T> {
  const view = createStore(state.get(), { onError })
  return {
    source,
    own: false,
    view,
    look: (base) => base,
    show: (value) => view.set(value),
    follow: (run) =>
      source
        ? source.follow(run)
        : state.listen((now) => run({ state: now, events: [], position: undefined })),
  }
}

/**
 * What somebody else has set a store to is confirmed, but for the pending rows they have taken over
 * from what was shown: those are still what they were.
 */
function confirmedIn<T>(value: T, base: T): T {
  if (!Array.isArray(value) || !Array.isArray(base)) return value
  const rows: readonly object[] = base
  const taken = value.flatMap((row: object) =>
    '_optimistic' in row ? (find(rows, idOf(row), idOf) ?? []) : row,
  )
  // Of the very type it came as: an array of what was in one of the two.
  return taken as T
}
