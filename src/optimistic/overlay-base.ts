import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import { tagged } from '../base/tagged.ts'
import type { ApplicationStore } from './application-store.ts'
import { settable } from './application-store.ts'
import { idOf } from './entity-change.ts'
import { find } from './row-mutations.ts'
import type { ConfirmedState, StateSource, StateStep } from './state-source.ts'

/** The confirmed state under the mutations, and the store that shows the result. */
export interface OverlayBase<T> {
  /** The channel that moves the state, if it is a single one. */
  readonly source?: StateSource<T> | undefined
  /** The confirmed state at the start. */
  readonly first: T
  /**
   * The store of the shown state, where it is a second store; without it, only the mutations
   * themselves add confirmed results to the state.
   */
  readonly view?: Readable<T>
  /** Returns the confirmed state now; `base` is the previous one. */
  look(base: T): T
  /** Shows the state with the mutations applied. */
  show(view: T): void
}

/**
 * Returns the base of a store that shows its pending mutations itself; only its overlay knows the
 * confirmed state.
 */
export function settableBase<T>(target: ApplicationStore<T>): OverlayBase<T> {
  const store = settable(target)
  let shown = store.get()
  /** The rows that were shown: the application may change a list in place, as that of a Vue ref. */
  let rows = rowsOf(shown)
  return {
    first: shown,
    look(base) {
      const now = store.get()
      const isSame = Object.is(now, shown) && hasRows(now, rows)
      return isSame ? base : confirmedIn(now, base)
    },
    show(view) {
      shown = view
      rows = rowsOf(view)
      // Some stores notify for every object, even an identical one.
      if (!Object.is(store.get(), view)) store.set(view)
    },
  }
}

/**
 * Returns the base of a confirmed state, with a second store that shows its pending mutations. The
 * state is followed while that store is, or not at all where its channel moves it.
 *
 * @param move called with every step that is not made by the mutations
 * @param followed called with the first follower of the second store
 */
export function confirmedBase<T>(
  { state, source }: ConfirmedState<T>,
  move: (step: StateStep<T>) => void,
  onError: (error: unknown) => void,
  followed: () => Unsubscribe | undefined,
): OverlayBase<T> {
  let known = state.get()
  const refresh = (): void => {
    const now = state.get()
    if (source || Object.is(known, now)) return
    known = now
    move({ state: now, events: [], position: undefined })
  }
  // What the server rendered is the first value of the view, too.
  const initial = state.initial ? state.initial() : known
  const view = followedStore(initial, onError, () => {
    const leave = state.listen(refresh)
    const end = followed()
    refresh()
    return () => {
      leave()
      end?.()
    }
  })
  view.set(known)
  source?.follow(move)
  return {
    source,
    first: known,
    view: tagged('View', {
      get() {
        refresh()
        return view.get()
      },
      subscribe: (run: (value: T) => void) => view.subscribe(run),
      listen: (run: (value: T) => void) => view.listen(run),
      initial: () => initial,
    }),
    look: (base) => (source ? base : state.get()),
    show: (value) => view.set(value),
  }
}

/** Returns a copy of the rows of a list. */
function rowsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? [...value] : []
}

/** Whether a list has exactly these rows; true for what is no list. */
function hasRows(value: unknown, rows: readonly unknown[]): boolean {
  if (!Array.isArray(value)) return true
  return value.length === rows.length && rows.every((row, index) => Object.is(row, value[index]))
}

/**
 * Returns the confirmed part of a value the application has set: pending rows that were copied from
 * the shown state are replaced by their confirmed versions.
 */
function confirmedIn<T>(value: T, base: T): T {
  if (!Array.isArray(value) || !Array.isArray(base)) return value
  const rows: readonly object[] = base
  const taken = value.flatMap((row: object) =>
    '_optimistic' in row ? (find(rows, idOf(row), idOf) ?? []) : row,
  )
  // Each element comes from one of the two arrays, so the type is unchanged.
  return taken as T
}
