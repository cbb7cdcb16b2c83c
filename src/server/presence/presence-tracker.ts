import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import { presenceChannel } from '../../protocol/channel-name.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import { MemoryBroker } from '../broker/memory/memory-broker.ts'
import type {
  PresenceClaim,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../broker/presence-store.ts'
import { isResource, presenceMeta } from './presence-meta.ts'

/** Somebody who can be somewhere. */
export interface PresenceMember {
  readonly userId: string
  readonly name?: string | undefined
  /**
   * Which of the user's devices: several make one user.
   * @default the user's id
   */
  readonly device?: string | undefined
  /**
   * Who speaks for the device, such as a connection: the one that joined last, and no other, updates
   * it and makes it leave.
   * @default the device
   */
  readonly owner?: string | undefined
}

/** How a {@link PresenceTracker} is made. */
export interface PresenceTrackerOptions {
  /**
   * Keeps who is where, for all who share it: `broker.presence`.
   * @default that of a `MemoryBroker` of its own
   */
  readonly store?: PresenceStore | undefined
  /**
   * How long after its last sign of life a member is stale, in milliseconds.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Where time comes from.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/** The values of options that are not given. */
export const presenceTrackerDefaults = { timeoutMs: 30_000 } as const

/**
 * Who is where: for members other than a server's own connections, and to see them all.
 *
 * Every change is an event of the channel `presence:<resource>`. A sign of life changes nothing that
 * others are told. It has no timer: whoever lets members join here calls {@link cleanupStale}, as a
 * `RealtimeServer` with the same store does while one of its clients watches or is somewhere.
 *
 * Its methods reject with `bad-channel` where the resource makes no channel's name.
 *
 * @example
 * const bot = { userId: 'bot', name: 'Helper' }
 * await server.presence.join('workspace/tasks', bot, { typing: false })
 * await server.presence.getPresent('workspace/tasks')
 */
export class PresenceTracker {
  readonly #store: PresenceStore
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(options: PresenceTrackerOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#store = options.store ?? new MemoryBroker({ clock: this.#clock }).presence
    this.#timeoutMs = options.timeoutMs ?? presenceTrackerDefaults.timeoutMs
  }

  /**
   * Has somebody be there; whoever is already is only seen again, with this meta.
   *
   * @param meta what others are told besides the name; rejects with `too-large` above 4 KiB of JSON,
   * and with a `TypeError` where it is not JSON
   */
  async join(resource: string, holder: PresenceMember, meta?: unknown): Promise<void> {
    const claim = claimOf(resource, holder)
    const json = presenceMeta(meta)
    await this.#store.join({ ...claim, name: holder.name, meta: json }, this.#lease())
  }

  /**
   * Changes the meta; rejects as {@link join} does.
   *
   * @returns false where the owner has no such member
   */
  async update(resource: string, holder: PresenceMember, meta: unknown): Promise<boolean> {
    return this.#store.update(claimOf(resource, holder), presenceMeta(meta), this.#lease())
  }

  /** Ends it; false where the owner has no such member. */
  async leave(resource: string, holder: PresenceMember): Promise<boolean> {
    return this.#store.leave(claimOf(resource, holder))
  }

  /** Takes a sign of life; false where the owner has no such member. */
  async heartbeat(resource: string, holder: PresenceMember): Promise<boolean> {
    const { lastSeen, ttlMs } = this.#lease()
    const [state] = await this.#store.touch([{ ...claimOf(resource, holder), lastSeen }], ttlMs)
    return state === 'held'
  }

  /** Who is there, in the order in which they came. */
  async getPresent(resource: string): Promise<readonly PresenceUser[]> {
    checkResource(resource)
    return (await this.#store.present(resource)).users
  }

  /**
   * Removes everybody who has given no sign of life for too long.
   *
   * @returns who was removed, and from where
   */
  cleanupStale(): Promise<readonly PresenceKey[]> {
    return this.#store.sweep()
  }

  #lease(): PresenceLease {
    return { lastSeen: this.#clock.wall(), ttlMs: this.#timeoutMs }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'PresenceTracker'
  }
}

function claimOf(resource: string, { userId, device = userId, owner = device }: PresenceMember) {
  checkResource(resource)
  return { resource, userId, device, owner } satisfies PresenceClaim
}

function checkResource(resource: string): void {
  if (isResource(resource)) return
  const message = `${JSON.stringify(resource)} is no resource: give 1 to 247 characters, no control characters, no \`:*\` at the end.`
  throw new WirefoldError('bad-channel', message, { channel: presenceChannel(resource) })
}
