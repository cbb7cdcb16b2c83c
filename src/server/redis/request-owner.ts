import type { Clock } from '../../base/clock.ts'
import { randomId } from '../../base/ids.ts'
import type { StoreGeneration } from './batches/store-generation.ts'
import { listOf } from './connection/resp-values.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { BEAT, DECLARE_DEAD } from './scripts/nodes.ts'
import { SignsOfLife } from './signs-of-life.ts'

/** Time after its last sign of life when an owner is forgotten, in milliseconds. */
const LEASE_MS = 45_000

/**
 * This process as the owner of running requests, and its observation of the other owners. Where
 * another process has declared this one dead, it continues under another id, so that the requests
 * that ran until then have no further effect and no reply.
 */
export class RequestOwner {
  readonly #deps: RequestOwnerDeps
  readonly #signs = new SignsOfLife()
  #id = randomId()

  constructor(deps: RequestOwnerDeps) {
    this.#deps = deps
  }

  /** The present id of this process as an owner. */
  get id(): string {
    return this.#id
  }

  /** Gives a sign of life, and observes those of the others; rejects if Redis does not reply. */
  async beat(): Promise<void> {
    const { runner, generation, clock } = this.#deps
    const owner = this.#id
    const [id, ageMs, state, ...rest] = listOf(await runner.run(BEAT, owner, LEASE_MS)).map(String)
    generation.learn(id ?? '', Number(ageMs))
    if (state === 'dead') return this.replace(owner)
    const signs = new Map<string, string>()
    for (let at = 0; at < rest.length; at += 2) signs.set(rest[at] ?? '', rest[at + 1] ?? '')
    this.#signs.observe(signs, clock.now())
  }

  /** Takes another id in place of one that was declared dead; the caller then beats or begins. */
  replace(dead: string): void {
    if (dead !== this.#id) return
    this.#id = randomId()
    this.#deps.report(new Error(DECLARED_DEAD))
  }

  /** Declares those of some owners dead that are stalled; returns all that may be dead. */
  async declareDead(owners: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const dead = new Set<string>()
    for (const owner of owners) {
      const sign = this.#signs.stalledAt(owner)
      if (sign !== undefined) await this.#deps.runner.run(DECLARE_DEAD, owner, sign)
      // One without signs was declared dead by another process, or has ended.
      if (sign !== undefined || !this.#signs.has(owner)) dead.add(owner)
    }
    return dead
  }
}

const DECLARED_DEAD =
  'Another server has declared this one dead, since it gave no sign of life. The results of the requests that ran until then are dropped.'

/** Dependencies of a {@link RequestOwner}. */
export interface RequestOwnerDeps {
  readonly runner: ScriptRunner
  /** Updated from the replies. */
  readonly generation: StoreGeneration
  readonly clock: Clock
  readonly report: (error: unknown) => void
}
