import type { Cancel, Clock } from '../../base/clock.ts'
import type { PresenceClaim, PresenceJoin, PresenceStore } from '../broker/presence-store.ts'

/** Of the timeout, how often this server vouches for its members, and for how long each time. */
const VOUCH_EVERY = 1 / 6
const VOUCH_FOR = 2 / 3

/** What the attendance of a server is made of. */
export interface LeaseKeeperDeps {
  readonly store: PresenceStore
  readonly clock: Clock
  /** Within which time the members of a server that died are gone, in milliseconds. */
  readonly timeoutMs: number
  /** Receives why the store failed. */
  readonly report: (error: unknown) => void
}

/** A member that one of this server's connections has. */
export interface LeasedMember {
  /** What it joins with, also where the store has lost it. */
  member: PresenceJoin
  /** When its connection gave the last sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: () => number
}

interface Held {
  readonly attendant: LeasedMember
  /** When the store was last asked to have it, and did, on the monotonic clock. */
  heldAt: number
}

/**
 * The members that this server's connections have: it vouches for them as long as they are connected,
 * and sweeps those for whom nobody vouches, wherever they came from.
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps
  readonly #ttlMs: number
  readonly #held = new Map<LeasedMember, Held>()
  readonly #timers = new Set<Cancel>()
  #state: 'idle' | 'running' | 'closed' = 'idle'

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps
    this.#ttlMs = deps.timeoutMs * VOUCH_FOR
  }

  /** Begins to sweep: somebody here is told who is there. */
  begin(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#next()
  }

  /** Has a connection's member be there, and vouches for it until it is let go. */
  async join(attendant: LeasedMember): Promise<void> {
    this.begin()
    const former = this.#held.get(attendant)
    const held = { attendant, heldAt: this.#deps.clock.now() }
    this.#held.set(attendant, held)
    try {
      await this.#deps.store.join(attendant.member, this.#lease(attendant))
    } catch (error) {
      // What was refused is vouched for by nobody, unless it was let go or came about meanwhile.
      if (this.#held.get(attendant) === held) {
        if (former) this.#held.set(attendant, former)
        else this.#held.delete(attendant)
      }
      throw error
    }
  }

  /** Changes what a member tells of itself; false where somebody else has it by now. */
  async update(attendant: LeasedMember, meta: string | undefined): Promise<boolean> {
    const { member } = attendant
    attendant.member = { ...member, meta }
    return this.#deps.store.update(member, meta, this.#lease(attendant))
  }

  /** Ends a member at once. */
  async leave(attendant: LeasedMember): Promise<void> {
    this.#held.delete(attendant)
    await this.#deps.store.leave(attendant.member)
  }

  /** A connection is gone: its members stay for a while, for another connection to take them over. */
  async release(attendants: readonly LeasedMember[], graceMs: number): Promise<void> {
    for (const attendant of attendants) this.#held.delete(attendant)
    if (!attendants.length) return
    await this.#deps.store.touch(attendants.map(claimOf), graceMs).catch(this.#deps.report)
    this.#after(graceMs, () => this.#sweep())
  }

  /** Stops every timer. */
  close(): void {
    this.#state = 'closed'
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #lease(attendant: LeasedMember) {
    return { lastSeen: attendant.lastSeen(), ttlMs: this.#ttlMs }
  }

  #next(): void {
    this.#after(this.#deps.timeoutMs * VOUCH_EVERY, async () => {
      await this.#vouch()
      await this.#sweep()
      this.#next()
    })
  }

  async #vouch(): Promise<void> {
    const { store, clock, report } = this.#deps
    const held = [...this.#held.values()]
    if (!held.length) return
    const askedAt = clock.now()
    try {
      const states = await store.touch(
        held.map(({ attendant }) => claimOf(attendant)),
        this.#ttlMs,
      )
      const lostMs = Math.min(this.#ttlMs, store.reachMs)
      for (const [index, one] of held.entries()) {
        const { attendant } = one
        // It was let go, or joined anew, meanwhile.
        if (this.#held.get(attendant) !== one) continue
        const lost = clock.now() - one.heldAt >= lostMs
        if (states[index] === 'held') one.heldAt = askedAt
        // Swept because we came too late, or forgotten. Else it was taken over, and ended by another.
        else if (states[index] === 'gone' && lost) this.join(attendant).catch(report)
        else this.#held.delete(attendant)
      }
    } catch (error) {
      report(error)
    }
  }

  async #sweep(): Promise<void> {
    const { store, report } = this.#deps
    await store.sweep().catch(report)
  }

  #after(ms: number, run: () => unknown): void {
    if (this.#state === 'closed') return
    const cancel = this.#deps.clock.after(ms, () => {
      this.#timers.delete(cancel)
      run()
    })
    this.#timers.add(cancel)
  }
}

function claimOf({
  member,
  lastSeen,
}: LeasedMember): PresenceClaim & { readonly lastSeen: number } {
  return { ...member, lastSeen: lastSeen() }
}
