import { presenceChannel } from '../../../protocol/channel-name.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { PresenceUser } from '../../../protocol/presence.ts'
import type { ResolvedPresenceLimits } from '../../broker/presence-limits.ts'
import { presenceRefusal } from '../../broker/presence-limits.ts'
import type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../../broker/presence-store.ts'
import type { BatchQueue } from '../batches/batch-queue.ts'
import type { StoreGeneration } from '../batches/store-generation.ts'
import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import { listOf, pairsOf } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { unavailable } from '../connection/unavailable.ts'
import { PRESENT } from '../scripts/presence.ts'
import {
  isLimit,
  readKeys,
  readMetas,
  readState,
  readUser,
  writeLimits,
  writeTime,
  writeTtl,
} from './presence-codec.ts'

/** Maximum number of members per step: Redis runs nothing else during a script. */
const MEMBERS_PER_STEP = 200

/**
 * A presence store in Redis. Changes are steps of the batch queue, so each runs once, and in order:
 * a join that ran twice would take a device back from its next connection, and a touch that
 * overtook its join would not find the member.
 */
export class RedisPresence implements PresenceStore {
  readonly #deps: RedisPresenceDeps

  constructor(deps: RedisPresenceDeps) {
    this.#deps = deps
  }

  get reachMs(): number {
    return this.#deps.generation.reachMs
  }

  async join(member: PresenceJoin, lease: PresenceLease): Promise<void> {
    const { name, meta = '' } = member
    const json = name === undefined ? '' : JSON.stringify(name)
    await this.#change('join', member, lease, json, meta)
  }

  async update(
    claim: PresenceClaim,
    meta: string | undefined,
    lease: PresenceLease,
  ): Promise<boolean> {
    return (await this.#change('update', claim, lease, meta ?? '')) === '1'
  }

  async leave(claim: PresenceClaim): Promise<boolean> {
    return (await this.#step('leave', ...claimed(claim))) === '1'
  }

  async touch(
    claims: readonly (PresenceClaim & Pick<PresenceLease, 'lastSeen'>)[],
    ttlMs: number,
  ): Promise<readonly ClaimState[]> {
    const states: ClaimState[] = []
    for (let from = 0; from < claims.length; from += MEMBERS_PER_STEP) {
      const part = claims.slice(from, from + MEMBERS_PER_STEP)
      const words = part.flatMap((claim) => [...claimed(claim), writeTime(claim.lastSeen)])
      const [ageMs, ...found] = (await this.#step('touch', writeTtl(ttlMs), ...words)).split(' ')
      this.#deps.generation.learnAge(Number(ageMs))
      states.push(...found.map(readState))
    }
    return states
  }

  async present(
    resource: string,
  ): Promise<{ readonly users: readonly PresenceUser[]; readonly at: Position }> {
    const { runner, waits } = this.#deps
    const send = () => runner.run(PRESENT, resource, presenceChannel(resource))
    const [epoch, offset, members, metas] = listOf(await waits.untilAnswered(send))
    const metaOf = readMetas(pairsOf(metas))
    const users = pairsOf(members)
      .map(([id, record]) => readUser(id, String(record), metaOf))
      .sort((a, b) => a.came - b.came)
      .map(({ user }) => user)
    return { users, at: { epoch: String(epoch), offset: Number(offset) } }
  }

  async sweep(): Promise<readonly PresenceKey[]> {
    const swept: PresenceKey[] = []
    for (let part = MEMBERS_PER_STEP; part === MEMBERS_PER_STEP; ) {
      const keys = readKeys(await this.#step('sweep', `${MEMBERS_PER_STEP}`))
      swept.push(...keys)
      part = keys.length
    }
    return swept
  }

  /** Runs a join or an update; throws the refusal if a limit is reached. */
  async #change(
    action: 'join' | 'update',
    claim: PresenceClaim,
    lease: PresenceLease,
    ...texts: readonly string[]
  ): Promise<string> {
    const { limits } = this.#deps
    const words = [...claimed(claim), ...leased(lease), writeLimits(limits), ...texts]
    const result = await this.#step(action, ...words)
    if (isLimit(result, limits)) throw presenceRefusal(result, limits[result])
    return result
  }

  async #step(...words: readonly string[]): Promise<string> {
    const { queue, waits, patienceMs } = this.#deps
    const step = queue.push(words)
    if (patienceMs === undefined) return step.done
    const reply = await waits.within(patienceMs, step.done)
    if (reply !== undefined) return reply
    // When the broker is closed, the step rejects with `closed`.
    if (waits.closed) return step.done
    // If the step is in flight it may still run; then the member's lease expires.
    queue.withdraw(step)
    throw unavailable()
  }
}

/** Dependencies of a {@link RedisPresence}. */
export interface RedisPresenceDeps {
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly generation: StoreGeneration
  readonly limits: ResolvedPresenceLimits
  readonly waits: CancellableWaits
  /** Time after which a change is refused, in milliseconds; `undefined` waits without limit. */
  readonly patienceMs: number | undefined
}

function claimed({ resource, userId, device, owner }: PresenceClaim): readonly string[] {
  return [resource, userId, device, owner]
}

function leased({ lastSeen, ttlMs }: PresenceLease): readonly string[] {
  return [writeTime(lastSeen), writeTtl(ttlMs)]
}
