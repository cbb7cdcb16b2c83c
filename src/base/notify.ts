/** The time at which changes are notified: at once, at the end of the running task, or with the next frame. */
export type NotifyMode = 'sync' | 'microtask' | 'frame'

/** An object with listeners to notify of its changes. */
export interface Notifier {
  /** Notifies the listeners; must not throw. */
  notify(): void
}

/**
 * Collects changed notifiers and notifies them together, each once.
 *
 * `frame` uses `requestAnimationFrame`, which pauses while the page is hidden; where that is
 * missing (Node, workers) it is a timer of 16 ms.
 */
export class Schedule {
  readonly #mode: Exclude<NotifyMode, 'sync'>
  readonly #due = new Set<Notifier>()

  constructor(mode: Exclude<NotifyMode, 'sync'>) {
    this.#mode = mode
  }

  /** Schedules a call of `notifier.notify()`. */
  request(notifier: Notifier): void {
    const waiting = this.#due.size > 0
    this.#due.add(notifier)
    if (waiting) return
    if (this.#mode === 'microtask') queueMicrotask(this.#flush)
    else if (typeof requestAnimationFrame === 'function') requestAnimationFrame(this.#flush)
    else setTimeout(this.#flush, 16)
  }

  readonly #flush = (): void => {
    const due = [...this.#due]
    // Cleared first: a change made by a listener starts a new round.
    this.#due.clear()
    for (const notifier of due) notifier.notify()
  }
}
