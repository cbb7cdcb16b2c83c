import type { Readable } from '../base/store.ts'
import type { Cell, Confirmed, Target } from './confirmed.ts'
import { cellGround, confirmedGround } from './ground.ts'
import type { OverlayPort } from './overlay.ts'
import { Overlay } from './overlay.ts'

interface Laid<T> {
  readonly overlay: Overlay<T>
  /** What is shown with the mutations; a store that shows them itself is that. */
  readonly view: Readable<T> | undefined
}

/** The overlay of each store, found by the store. */
export class Overlays {
  readonly #port: OverlayPort
  readonly #laid = new WeakMap<object, unknown>()

  constructor(port: OverlayPort) {
    this.#port = port
  }

  /** That of a target, made with its first mutation. */
  of<T>(target: Target<T>): Overlay<T> {
    return isCell(target)
      ? this.#find(target, () => this.#over(target)).overlay
      : this.#find(target.state, () => this.#beside(target)).overlay
  }

  /** What is shown beside a state that stays confirmed. */
  view<T>(confirmed: Confirmed<T>): Readable<T> {
    const { state } = confirmed
    return this.#find(state, () => this.#beside(confirmed)).view ?? state
  }

  #over<T>(cell: Cell<T>): Laid<T> {
    return { overlay: new Overlay(cellGround(cell), cell.get(), this.#port), view: undefined }
  }

  #beside<T>(confirmed: Confirmed<T>): Laid<T> {
    const { state, source } = confirmed
    const { view, ...ground } = confirmedGround(confirmed, this.#port.report)
    const overlay = new Overlay(ground, state.get(), this.#port)
    if (!source) {
      state.listen((now) => overlay.move({ state: now, events: [], position: undefined }))
    }
    return { overlay, view }
  }

  #find<T>(store: object, make: () => Laid<T>): Laid<T> {
    // Only what was made for this very store is found by it, and so it is of its type.
    const known = this.#laid.get(store) as Laid<T> | undefined
    if (known) return known
    const made = make()
    this.#laid.set(store, made)
    return made
  }
}

function isCell<T>(target: Target<T>): target is Cell<T> {
  return 'set' in target
}
