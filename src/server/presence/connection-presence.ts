import { isWirefoldError, type Refusal } from '../../base/errors.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { PresenceCommand } from '../../protocol/command.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { Access } from '../access/access.ts'
import type { User } from '../access/hooks.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import type { LeasedMember, LeaseKeeper } from './lease-keeper.ts'
import { isResource, presenceMeta } from './presence-meta.ts'

/** What the presence of all connections of a server shares. */
export interface ConnectionPresenceDeps {
  readonly access: Access
  readonly attendance: LeaseKeeper
  /** How long the members of a closed connection stay, in milliseconds. */
  readonly graceMs: number
  /** At how many resources one connection may be. */
  readonly maxMembers: number
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}

/** The connection of a {@link ConnectionPresence}. */
export interface PresentConnection {
  readonly id: string
  readonly say: (frame: ServerFrame) => void
  /** When the peer gave its last sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: () => number
  /** Starts or stops to watch whether the peer falls silent: it is watched while it has members. */
  readonly watch: (wanted: boolean) => void
}

/** The members of one connection. Its commands must not overlap. */
export class ConnectionPresence {
  readonly #deps: ConnectionPresenceDeps
  readonly #connection: PresentConnection
  /** By resource. */
  readonly #attendants = new Map<string, LeasedMember>()
  #ended = false

  constructor(deps: ConnectionPresenceDeps, connection: PresentConnection) {
    this.#deps = deps
    this.#connection = connection
  }

  /** Ends every member at once: the peer gave no sign of life. */
  peerSilent(): void {
    const { attendance, report } = this.#deps
    for (const attendant of this.#attendants.values()) attendance.leave(attendant).catch(report)
    this.#attendants.clear()
  }

  /** The connection is gone. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#connection.watch(false)
    const { attendance, graceMs } = this.#deps
    void attendance.release([...this.#attendants.values()], graceMs)
  }

  /** Carries out a command, and answers it where an answer is wanted. Never rejects. */
  async take(
    user: User | null,
    device: string | undefined,
    command: PresenceCommand,
  ): Promise<void> {
    const error = await this.#outcome(user, device, command)
    if (command.requestId === undefined) return
    const to = [command.requestId]
    if (error) this.#connection.say({ kind: 'refusal', to, error })
    else this.#connection.say({ kind: 'reply', to, payload: undefined, at: undefined })
  }

  async #outcome(
    user: User | null,
    device: string | undefined,
    command: PresenceCommand,
  ): Promise<Refusal | undefined> {
    try {
      return await this.#carryOut(user, device, command)
    } catch (error) {
      if (isWirefoldError(error, 'too-large')) return refusal('too-large', command.channel)
      const meant = refusalFromError(error)
      if (meant) return { ...meant, channel: command.channel }
      this.#deps.report(error)
      return refusal('internal', command.channel)
    }
  }

  async #carryOut(
    user: User | null,
    device: string | undefined,
    { action, channel, meta }: PresenceCommand,
  ): Promise<Refusal | undefined> {
    const { access, attendance, maxMembers } = this.#deps
    const resource = presenceResource(channel)
    if (resource === undefined || !isResource(resource)) return refusal('bad-channel', channel)
    if (!user) return refusal('not-authenticated', channel)
    const present = this.#attendants.get(resource)
    if (action === 'leave') {
      this.#attendants.delete(resource)
      if (!this.#attendants.size) this.#connection.watch(false)
      if (present) await attendance.leave(present)
      return undefined
    }
    if (action !== 'join' && !present) return refusal('not-present', channel)
    // Any frame is a sign of life, this one among them.
    if (action === 'heartbeat') return undefined
    const json = presenceMeta(meta)
    if (!present && this.#attendants.size >= maxMembers) {
      return refusal('subscription-limit', channel)
    }
    if (!(await access.authorize(user, channel, 'presence'))) return refusal('forbidden', channel)
    if (this.#ended) return refusal('internal', channel)
    if (action === 'update' && present) {
      return (await attendance.update(present, json)) ? undefined : refusal('not-present', channel)
    }
    const owner = this.#connection.id
    const { id: userId, name } = user
    const member = { resource, userId, name, device: device ?? owner, owner, meta: json }
    const attendant = present ?? { member, lastSeen: this.#connection.lastSeen }
    attendant.member = member
    this.#connection.watch(true)
    // Before anything is awaited: end() has to find it.
    this.#attendants.set(resource, attendant)
    await attendance.join(attendant)
    return undefined
  }
}
