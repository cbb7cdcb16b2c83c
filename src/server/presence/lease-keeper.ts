import type { Cancel, Clock } from '../../base/clock.ts'
import type { PresenceClaim, PresenceJoin, PresenceStore } from '../broker/presence-store.ts'

/** Interval of renewals, and duration of a lease, as fractions of the timeout. */
const RENEWAL_INTERVAL = 1 / 6
const LEASE_DURATION = 2 / 3

/**
 * The presence members of this server's connections: renews their leases while they are connected,
 * and removes the members of any server whose lease expired.
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps
  readonly #ttlMs: number
  readonly #held = new Map<LeasedMember, HeldLease>()
  readonly #timers = new Set<Cancel>()
  #state: 'idle' | 'running' | 'closed' = 'idle'

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps
    this.#ttlMs = deps.timeoutMs * LEASE_DURATION
  }

  /** Starts to renew leases and sweep; safe to call twice. */
  begin(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#next()
  }

  /** Adds a member to the store, and renews its lease until it leaves or is released. */
  async join(leased: LeasedMember): Promise<void> {
    this.begin()
    const former = this.#held.get(leased)
    const held = { leased, heldAt: this.#deps.clock.now() }
    this.#held.set(leased, held)
    try {
      await this.#deps.store.join(leased.member, this.#lease(leased))
    } catch (error) {
      // Restores the former state, unless the member was released or joined again meanwhile.
      if (this.#held.get(leased) === held) {
        if (former) this.#held.set(leased, former)
        else this.#held.delete(leased)
      }
      throw error
    }
  }

  /** Replaces the meta of a member; returns false if another owner has taken it over. */
  async update(leased: LeasedMember, meta: string | undefined): Promise<boolean> {
    const { member } = leased
    const updated = await this.#deps.store.update(member, meta, this.#lease(leased))
    // Only now: the member joins again with what the store has accepted.
    if (updated) leased.member = { ...member, meta }
    return updated
  }

  /** Removes a member at once. */
  async leave(leased: LeasedMember): Promise<void> {
    this.#held.delete(leased)
    await this.#deps.store.leave(leased.member)
  }

  /** Keeps the members of a closed connection for a while, so that a new one can take them over. */
  async release(members: readonly LeasedMember[], graceMs: number): Promise<void> {
    for (const leased of members) this.#held.delete(leased)
    if (!members.length) return
    await this.#deps.store.touch(members.map(claimOf), graceMs).catch(this.#deps.report)
    this.#after(graceMs, () => this.#sweep())
  }

  /** Stops all timers; nothing is renewed or swept any more. */
  close(): void {
    this.#state = 'closed'
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #lease(leased: LeasedMember) {
    return { lastSeen: leased.lastSeen(), ttlMs: this.#ttlMs }
  }

  #next(): void {
    this.#after(this.#deps.timeoutMs * RENEWAL_INTERVAL, async () => {
      await this.#renew()
      await this.#sweep()
      this.#next()
    })
  }

  async #renew(): Promise<void> {
    const { store, clock, report } = this.#deps
    const held = [...this.#held.values()]
    if (!held.length) return
    const sentAt = clock.now()
    try {
      const states = await store.touch(
        held.map(({ leased }) => claimOf(leased)),
        this.#ttlMs,
      )
      const lostMs = Math.min(this.#ttlMs, store.reachMs)
      for (const [index, one] of held.entries()) {
        const { leased } = one
        // Released, or joined again, during the call.
        if (this.#held.get(leased) !== one) continue
        const lost = clock.now() - one.heldAt >= lostMs
        if (states[index] === 'held') one.heldAt = sentAt
        // Expired, or lost by the store: join again. Otherwise a new owner took it over and left.
        else if (states[index] === 'gone' && lost) this.join(leased).catch(report)
        else this.#held.delete(leased)
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

/** The dependencies of a {@link LeaseKeeper}. */
export interface LeaseKeeperDeps {
  readonly store: PresenceStore
  readonly clock: Clock
  /** Time within which the members of a crashed server are removed, in milliseconds. */
  readonly timeoutMs: number
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}

/** A member of one of this server's connections. */
export interface LeasedMember {
  /** The data it joins with, also to join again after the store lost it. */
  member: PresenceJoin
  /** Returns the time of its connection's last sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: () => number
}

interface HeldLease {
  readonly leased: LeasedMember
  /** Time at which the last successful renewal or join was sent, on the monotonic clock. */
  heldAt: number
}

function claimOf({
  member,
  lastSeen,
}: LeasedMember): PresenceClaim & { readonly lastSeen: number } {
  return { ...member, lastSeen: lastSeen() }
}
