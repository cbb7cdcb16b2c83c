import type { Cancel, Clock } from '../../base/clock.ts'
import type { PresenceStore } from '../broker/presence-store.ts'
import type { MemberSweep } from './channel-deps.ts'

/** Interval between two sweeps, in milliseconds. */
const EVERY_MS = 5_000

/** Sweeps a presence store for a `ChannelManager` that belongs to no server. */
export class PresenceSweep implements MemberSweep {
  readonly #deps: PresenceSweepDeps
  #cancel: Cancel | undefined
  #closed = false

  constructor(deps: PresenceSweepDeps) {
    this.#deps = deps
  }

  begin(): void {
    if (!this.#cancel) this.#next()
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #next(): void {
    const { store, clock, report } = this.#deps
    if (this.#closed) return
    this.#cancel = clock.after(EVERY_MS, async () => {
      await store.sweep().catch(report)
      this.#next()
    })
  }
}

/** The dependencies of a {@link PresenceSweep}. */
export interface PresenceSweepDeps {
  readonly store: PresenceStore
  readonly clock: Clock
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}
