import { isPromise } from '../../base/deferred.ts'
import { isWirefoldError, type Refusal } from '../../base/errors.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { PresenceCommand } from '../../protocol/command.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { Access } from '../access/access.ts'
import type { User } from '../access/hooks.ts'
import { rateLimited, refusal, refusalFromError, subscriptionLimit } from '../access/refusals.ts'
import { memberBytes } from '../broker/presence-limits.ts'
import type { ContractChecks } from '../contract/contract-checks.ts'
import type { LeasedMember, LeaseKeeper } from './lease-keeper.ts'
import { isResource, presenceMeta } from './presence-meta.ts'

/** The presence members of one connection. Callers must not run its commands concurrently. */
export class ConnectionPresence {
  readonly #deps: ConnectionPresenceDeps
  readonly #connection: PresentConnection
  /** Members by resource. */
  readonly #members = new Map<string, LeasedMember>()
  /** The channel of the last join, if that was refused. */
  #refused: string | undefined

  constructor(deps: ConnectionPresenceDeps, connection: PresentConnection) {
    this.#deps = deps
    this.#connection = connection
  }

  /** Removes all members at once, because the peer gave no sign of life. */
  peerSilent(): void {
    const { leases, report } = this.#deps
    for (const leased of this.#members.values()) leases.leave(leased).catch(report)
    this.#members.clear()
  }

  /** Called when the connection is closed: its members stay for the grace period. */
  end(): void {
    this.#connection.watch(false)
    const { leases, graceMs } = this.#deps
    void leases.release([...this.#members.values()], graceMs)
  }

  /** Runs a command; replies if it has a request id, or is refused. Never rejects. */
  async take(
    user: User | null,
    device: string | undefined,
    command: PresenceCommand,
  ): Promise<void> {
    const error = await this.#outcome(user, device, command)
    if (error) this.#deps.refused(error.code)
    const { requestId, action, channel } = command
    if (action === 'join') this.#refused = error ? channel : undefined
    if (requestId === undefined && !error) return
    const to = requestId === undefined ? [] : [requestId]
    const type = `presence:${action}`
    if (error) this.#connection.say({ kind: 'refusal', to, error, type })
    else this.#connection.say({ kind: 'reply', to, payload: undefined, at: undefined, type })
  }

  /** Whether the connection is a member of a presence channel's resource, by its last join. */
  hasJoined(channel: string): boolean {
    return channel !== this.#refused && this.#members.has(presenceResource(channel) ?? '')
  }

  async #outcome(
    user: User | null,
    device: string | undefined,
    command: PresenceCommand,
  ): Promise<Refusal | undefined> {
    try {
      return await this.#carryOut(user, device, command)
    } catch (error) {
      const known = refusalFromError(error)
      if (known) return { ...known, channel: command.channel }
      if (isWirefoldError(error, 'too-large')) return refusal('too-large', command.channel)
      this.#deps.report(error)
      return refusal('internal', command.channel)
    }
  }

  async #carryOut(
    user: User | null,
    device: string | undefined,
    { action, channel, meta, subscribes }: PresenceCommand,
  ): Promise<Refusal | undefined> {
    const { access, leases, maxMembers, charge } = this.#deps
    const resource = presenceResource(channel)
    const valid = resource !== undefined && isResource(resource)
    const listed = valid && (this.#deps.listsResource?.(resource) ?? true)
    if (!listed || !access.isChannel(channel)) return refusal('bad-channel', channel)
    if (!user) return refusal('not-authenticated', channel)
    const present = this.#members.get(resource)
    if (action === 'leave') {
      this.#forget(resource)
      if (present) await leases.leave(present)
      return undefined
    }
    if (action !== 'join' && !present) return refusal('not-present', channel)
    // The session records every frame as a sign of life, so nothing is left to do.
    if (action === 'heartbeat') return undefined
    const json = presenceMeta(meta)
    if (!present && this.#members.size >= maxMembers) {
      return subscriptionLimit(maxMembers, channel)
    }
    const owner = this.#connection.id
    const { id: userId, name } = user
    const member = { resource, userId, name, device: device ?? owner, owner, meta: json }
    const waitMs = charge(userId, memberBytes(member))
    if (waitMs) return { ...rateLimited(waitMs), channel }
    if (!(await access.authorize(user, channel, 'presence'))) return refusal('forbidden', channel)
    const received = this.#deps.checks?.meta(resource, meta)
    const { error } = (isPromise(received) ? await received : received) ?? {}
    if (error) return { ...error, channel }
    const unseen = subscribes ? await this.#connection.subscribeRefusal(channel) : undefined
    if (unseen) return { ...unseen, channel }
    if (this.#connection.closed()) return refusal('internal', channel)
    if (action === 'update' && present) {
      return (await leases.update(present, json)) ? undefined : refusal('not-present', channel)
    }
    const leased = present ?? { member, lastSeen: this.#connection.lastSeen }
    const { member: former } = leased
    leased.member = member
    this.#connection.watch(true)
    // Before the await, so that end() releases this member too.
    this.#members.set(resource, leased)
    try {
      await leases.join(leased)
    } catch (error) {
      leased.member = former
      if (!present) this.#forget(resource)
      throw error
    }
    return undefined
  }

  #forget(resource: string): void {
    this.#members.delete(resource)
    if (!this.#members.size) this.#connection.watch(false)
  }
}

/** The dependencies that all {@link ConnectionPresence}s of a server share. */
export interface ConnectionPresenceDeps {
  readonly access: Access
  readonly leases: LeaseKeeper
  /** Time that the members of a closed connection stay, in milliseconds. */
  readonly graceMs: number
  /** Maximum number of resources that one connection may join. */
  readonly maxMembers: number
  /**
   * Counts the bytes of a change for its user; returns 0, or the time to wait where they are too
   * many, in milliseconds.
   */
  readonly charge: (userId: string, bytes: number) => number
  /** Whether the contract has a resource; without it, every one is allowed. */
  readonly listsResource?: ((resource: string) => boolean) | undefined
  /** Checks metas by the contract, if the server has one. */
  readonly checks?: ContractChecks | undefined
  /** Counts a refusal. */
  readonly refused: (code: string) => void
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}

/** The connection of a {@link ConnectionPresence}. */
export interface PresentConnection {
  readonly id: string
  readonly closed: () => boolean
  readonly say: (frame: ServerFrame) => void
  /** Returns the time of the last sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: () => number
  /** Returns the refusal that a subscribe of the connection would get; never rejects. */
  readonly subscribeRefusal: (channel: string) => Promise<Refusal | undefined>
  /** Starts or stops to watch the peer for silence; it is watched while it has members. */
  readonly watch: (wanted: boolean) => void
}
