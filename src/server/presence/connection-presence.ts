import { isWirefoldError, type Refusal } from '../../base/errors.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { PresenceCommand } from '../../protocol/command.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { User } from '../access/hooks.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import type { ServerCore } from '../server-parts.ts'
import { SilenceWatch } from '../session/liveness.ts'
import type { LeasedMember } from './lease-keeper.ts'
import { isResource, presenceMeta } from './presence-meta.ts'

/** What a connection's presence needs of it. */
export interface ConnectionPresenceDeps {
  readonly connectionId: string
  readonly say: (frame: ServerFrame) => void
  /** Asks the peer for a sign of life that costs the application nothing. */
  readonly ping: () => void
  /** The peer gave no sign of life, and is nowhere any more: nothing is left to do but to close. */
  readonly silent: () => void
}

/** Who a connection speaks for. */
export interface PresenceAsker {
  readonly user: User | null
  /** What the client calls itself; a connection that does not say is a device of its own. */
  readonly device: string | undefined
}

/** Where one connection's user is. Its commands must not overlap. */
export class ConnectionPresence {
  readonly #core: ServerCore
  readonly #deps: ConnectionPresenceDeps
  readonly #watch: SilenceWatch
  /** By resource. */
  readonly #attendants = new Map<string, LeasedMember>()
  #ended = false

  constructor(core: ServerCore, deps: ConnectionPresenceDeps) {
    this.#core = core
    this.#deps = deps
    const { clock, presence } = core.options
    const silent = (): void => this.#silent()
    this.#watch = new SilenceWatch({ ...presence, clock, ping: deps.ping, silent })
  }

  /** The peer gave a sign of life. */
  heard(): void {
    this.#watch.heard()
  }

  /** The connection is gone. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#watch.stop()
    const { attendance, options } = this.#core
    void attendance.release([...this.#attendants.values()], options.presence.graceMs)
  }

  /** Carries out a command, and answers it where an answer is wanted. Never rejects. */
  async take(caller: PresenceAsker, command: PresenceCommand): Promise<void> {
    const error = await this.#outcome(caller, command)
    if (command.requestId === undefined) return
    const to = [command.requestId]
    if (error) this.#deps.say({ kind: 'refusal', to, error })
    else this.#deps.say({ kind: 'reply', to, payload: undefined, at: undefined })
  }

  async #outcome(caller: PresenceAsker, command: PresenceCommand): Promise<Refusal | undefined> {
    try {
      return await this.#carryOut(caller, command)
    } catch (error) {
      if (isWirefoldError(error, 'too-large')) return refusal('too-large', command.channel)
      const meant = refusalFromError(error)
      if (meant) return { ...meant, channel: command.channel }
      this.#core.report(error)
      return refusal('internal', command.channel)
    }
  }

  async #carryOut(
    { user, device }: PresenceAsker,
    { action, channel, meta }: PresenceCommand,
  ): Promise<Refusal | undefined> {
    const { access, attendance } = this.#core
    const resource = presenceResource(channel)
    if (resource === undefined || !isResource(resource)) return refusal('bad-channel', channel)
    if (!user) return refusal('not-authenticated', channel)
    const present = this.#attendants.get(resource)
    if (action === 'leave') {
      this.#attendants.delete(resource)
      if (!this.#attendants.size) this.#watch.stop()
      if (present) await attendance.leave(present)
      return undefined
    }
    if (action !== 'join' && !present) return refusal('not-present', channel)
    // Any frame is a sign of life, this one among them.
    if (action === 'heartbeat') return undefined
    const json = presenceMeta(meta)
    if (!present && this.#attendants.size >= this.#core.options.limits.subscriptions) {
      return refusal('subscription-limit', channel)
    }
    if (!(await access.authorize(user, channel, 'presence'))) return refusal('forbidden', channel)
    if (this.#ended) return refusal('internal', channel)
    if (action === 'update' && present) {
      return (await attendance.update(present, json)) ? undefined : refusal('not-present', channel)
    }
    const owner = this.#deps.connectionId
    const { id: userId, name } = user
    const member = { resource, userId, name, device: device ?? owner, owner, meta: json }
    const attendant = present ?? { member, lastSeen: () => this.#watch.lastSeen }
    attendant.member = member
    this.#watch.start()
    // Before anything is awaited: end() has to find it.
    this.#attendants.set(resource, attendant)
    await attendance.join(attendant)
    return undefined
  }

  #silent(): void {
    for (const attendant of this.#attendants.values()) {
      this.#core.attendance.leave(attendant).catch(this.#core.report)
    }
    this.#attendants.clear()
    this.#deps.silent()
  }
}
