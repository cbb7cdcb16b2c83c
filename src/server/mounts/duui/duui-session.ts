import type { Cancel } from '../../../base/clock.ts'
import { randomId } from '../../../base/ids.ts'
import { duuiServer } from '../../../dialects/duui/server.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { ReceivableEvent, User } from '../../access/hooks.ts'
import { CLOSE_CODES } from '../../access/refusals.ts'
import type { UpgradeRequest } from '../../access/upgrade-request.ts'
import type { ChannelReceiver } from '../../channels/channel-receiver.ts'
import type { ChannelMembership } from '../../channels/membership.ts'
import { CredentialExpiry } from '../../session/credential-expiry.ts'
import type { MessageLimiter, MountHost, MountSession, SessionInfo } from '../../session/mount.ts'
import type { Socket } from '../../socket/socket.ts'

/** The session of one socket that watches one process. */
export class DuuiSession implements MountSession, ChannelReceiver {
  readonly dialect = duuiServer
  readonly id = randomId()
  readonly #host: MountHost
  readonly #socket: Socket
  readonly #deps: DuuiSessionDeps
  readonly #cancel: Cancel
  readonly #expiry: CredentialExpiry
  readonly #limiter: MessageLimiter
  #user: User | null | undefined
  #membership: ChannelMembership | undefined
  /** The snapshot and its position, until it is sent. */
  #snapshot: { readonly head: Position; readonly texts: readonly string[] } | undefined
  #closed = false

  constructor(host: MountHost, socket: Socket, request: UpgradeRequest, deps: DuuiSessionDeps) {
    this.#host = host
    this.#socket = socket
    this.#deps = deps
    const { clock, helloTimeoutMs } = host
    this.#limiter = host.limiter(request.address)
    // Clients send nothing in this protocol, so new credentials need a new socket.
    const expired = (): void => this.#end(4401, 'not-authenticated')
    this.#expiry = new CredentialExpiry(clock, { expiring() {}, expired })
    this.#cancel = clock.after(helloTimeoutMs, () => this.#end(4408, 'not authenticated in time'))
    this.#start(request).catch((error: unknown) => {
      host.report(error)
      this.#end(1011, 'internal')
    })
  }

  info(): SessionInfo {
    const channels = this.#membership ? [this.#deps.channel] : []
    return { id: this.id, dialect: this.dialect.name, user: this.#user, channels }
  }

  get user(): User | null {
    // Joins channels only after authentication, so `undefined` never shows.
    return this.#user ?? null
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  offer(text: string): void {
    // The protocol cannot report missing events, so the client has to connect again.
    if (!this.#socket.sendDroppable(text)) this.#end(1013, 'too slow')
  }

  alive(bytes = 0): void {
    if (!this.#closed && !this.#limiter.take(bytes)) this.#refuse('rate-limited')
  }

  text(_text: string, bytes: number): void {
    this.#ignore(bytes)
  }

  binary(): void {
    this.#ignore(0)
  }

  revoke(channel: string): void {
    if (channel === this.#deps.channel) this.#end(4403, 'forbidden')
  }

  closed(): void {
    this.#closed = true
    this.#cancel()
    this.#expiry.stop()
    this.#host.leave(this)
    this.#membership?.leave()
    this.#membership = undefined
  }

  async #start(request: UpgradeRequest): Promise<void> {
    const token = request.query.get('token') ?? undefined
    const identity = await this.#host.authenticate(request, token, () => !this.#closed)
    // Refused after the upgrade: browsers show pages the close code, but not an HTTP status.
    if ('code' in identity) return this.#refuse(identity.code)
    if (this.#closed) return
    const { user, expiresAt } = identity
    this.#user = user
    // Before `authorize` is asked, so that `disconnectUser` ends this session too.
    if (!this.#host.admit(this, user)) return this.#refuse('rate-limited')
    this.#limiter.belongsTo(user?.id)
    this.#expiry.begin(expiresAt)
    const { channel, inOrder } = this.#deps
    const joined = await this.#host.channels.join(channel, this, ({ code }) =>
      this.#end(4403, code),
    )
    if ('code' in joined) return this.#refuse(joined.code)
    if (this.#closed) return joined.leave()
    this.#cancel()
    this.#membership = joined
    await inOrder(() => this.#readSnapshot())
    await this.#sendSnapshot()
  }

  /** Reads the snapshot that precedes the first live event. */
  async #readSnapshot(): Promise<void> {
    if (this.#closed) return
    const { channel, snapshot } = this.#deps
    const { channels } = this.#host
    // Every event up to the head is stored by now, so the snapshot contains it.
    const head = await channels.head(channel)
    const past = { since: this.#membership?.since, head }
    const texts = await snapshot(past, (event) => channels.mayReceive(this, channel, event))
    this.#snapshot = { head, texts }
  }

  /** Sends the snapshot as fast as the peer reads it, without blocking publishes; then live events. */
  async #sendSnapshot(): Promise<void> {
    const { head, texts = [] } = this.#snapshot ?? {}
    this.#snapshot = undefined
    for (const text of texts) {
      const drained = this.#socket.drained()
      if (drained) await drained
      this.send(text)
    }
    if (head && this.#membership?.deliverFrom(head) === false) this.#end(1013, 'too slow')
  }

  #ignore(bytes: number): void {
    this.#deps.ignored()
    if (!this.#limiter.take(bytes)) this.#refuse('rate-limited')
  }

  #refuse(code: string): void {
    this.#host.refused(code)
    this.#end(CLOSE_CODES.get(code) ?? 1008, code)
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return
    this.closed()
    this.#socket.close(code, reason)
  }
}

/** The services of the mount that a {@link DuuiSession} uses. */
export interface DuuiSessionDeps {
  /** The channel of the process. */
  readonly channel: string
  /** Returns the stored envelopes that the session may receive, as JSON texts. */
  readonly snapshot: (
    past: SnapshotRange,
    receives: (event: ReceivableEvent) => boolean,
  ) => Promise<readonly string[]>
  /** Runs a step while no envelope of the process is being published. */
  readonly inOrder: (step: () => Promise<void>) => Promise<void>
  /** Counts a message that is ignored. */
  readonly ignored: () => void
}

/** The part of a process' past that a session may read. */
export interface SnapshotRange {
  /** Its beginning, by the answer of `authorize`; `undefined` if it is all of the past. */
  readonly since: ChannelMembership['since']
  /** The newest position; the session receives later events as they happen. */
  readonly head: Position
}
