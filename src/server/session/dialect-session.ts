import type { Cancel, Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { randomId } from '../../base/ids.ts'
import { loggable } from '../../base/logger.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import type { AuthCommand, HelloCommand, MalformedCommand } from '../../protocol/command.ts'
import type { GoawayFrame } from '../../protocol/frame.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { User } from '../access/hooks.ts'
import { CLOSE_CODES, rateLimited, refusal } from '../access/refusals.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { Counters } from '../metrics/counters.ts'
import type { ConnectionPresenceDeps } from '../presence/connection-presence.ts'
import { ConnectionPresence } from '../presence/connection-presence.ts'
import { ConnectionRequests } from '../requests/connection-requests.ts'
import type { RunOnceDeps } from '../requests/deduplicate.ts'
import type { Socket } from '../socket/socket.ts'
import { CredentialExpiry } from './credential-expiry.ts'
import type { ReadCommand } from './frame-reader.ts'
import { readFrame, unexpected } from './frame-reader.ts'
import type { FrameWriterDeps } from './frame-writer.ts'
import { FrameWriter } from './frame-writer.ts'
import type { InboundLimiterDeps } from './inbound-limiter.ts'
import { InboundLimiter } from './inbound-limiter.ts'
import { SilenceWatch } from './liveness.ts'
import type { MountHost, MountSession, SessionInfo } from './mount.ts'
import type { SessionPhase } from './session-phase.ts'
import { FIRST_FRAME_BYTES, HELD_BYTES } from './session-phase.ts'
import type { SessionRegistry } from './session-registry.ts'

/** How long somebody who is thrown out is to stay away, in milliseconds. */
const BANNED_MS = 10_000
/** The version of the protocol this server speaks. */
const PROTOCOL = 1

/** One client that greets first, from its socket's opening to its end. */
export class DialectSession implements MountSession, ChannelReceiver {
  readonly id = randomId()
  readonly dialect: ServerDialect
  /** Runs what concerns channels, presence and credentials one by one. */
  readonly queue: SerialQueue
  readonly #deps: DialectSessionDeps
  readonly #socket: Socket
  readonly #request: UpgradeRequest
  readonly #writer: FrameWriter
  readonly #presence: ConnectionPresence
  readonly #silence: SilenceWatch
  readonly #requests: ConnectionRequests
  readonly #limiter: InboundLimiter
  readonly #expiry: CredentialExpiry
  #phase: SessionPhase
  #drain: { readonly notice: GoawayFrame; readonly rested: () => void } | undefined

  constructor(
    deps: DialectSessionDeps,
    socket: Socket,
    dialect: ServerDialect,
    request: UpgradeRequest,
  ) {
    const { clock, helloTimeoutMs, report } = deps
    this.dialect = dialect
    this.#deps = deps
    this.#socket = socket
    this.#request = request
    const { id } = this
    this.#writer = new FrameWriter(deps.writer, {
      ...{ id, dialect, socket },
      send: (text) => this.send(text),
      // The pong carries current offsets, from which the client detects missed events.
      caughtUp: () => this.#pong(undefined),
    })
    const silence = new SilenceWatch({
      ...deps.silence,
      clock,
      ping: () => socket.ping?.(),
      silent: () => {
        this.#presence.peerSilent()
        this.#end(4408, 'no sign of life')
      },
    })
    this.#silence = silence
    this.#presence = new ConnectionPresence(deps.presence, {
      id,
      say: (frame) => this.#writer.say(frame),
      lastSeen: () => silence.lastSeen,
      watch: (wanted) => (wanted ? silence.start() : silence.stop()),
    })
    this.#requests = new ConnectionRequests(deps.requests, this, () => this.#rest())
    this.#limiter = new InboundLimiter(deps.limiter)
    this.#expiry = new CredentialExpiry(clock, {
      expiring: (expiresAt) => this.#writer.say({ kind: 'expiring', expiresAt }),
      expired: () => this.#refuseAll(refusal('not-authenticated')),
    })
    this.queue = new SerialQueue(report, () => this.#rest())
    const cancel = clock.after(helloTimeoutMs, () => this.#end(4408, 'no hello in time'))
    this.#phase = { name: 'waiting', cancel }
  }

  get user(): User | null {
    return this.#phase.name === 'open' ? this.#phase.user : null
  }

  info(): SessionInfo {
    const user = 'user' in this.#phase ? this.#phase.user : undefined
    const channels = this.#deps.channels.channelsOf(this)
    return { id: this.id, dialect: this.dialect.name, user, channels }
  }

  get seenAt(): number {
    return this.#silence.seenAt
  }

  get resting(): boolean {
    const open = this.#phase.name === 'open'
    return (
      open &&
      !this.queue.done &&
      !this.#requests.open &&
      !this.#deps.channels.channelsOf(this).length
    )
  }

  drain(notice: GoawayFrame, rested: () => void): void {
    this.#drain = { notice, rested }
    // To others the welcome comes first.
    if (this.#phase.name === 'open') this.#writer.say(notice)
  }

  get #gone(): boolean {
    return this.#phase.name === 'closed'
  }

  send(text: string): void {
    if (!this.#gone) this.#socket.send(text)
  }

  offer(text: string): void {
    if (!this.#gone) this.#writer.offer(text)
  }

  drained(): Promise<void> | undefined {
    return this.#socket.drained()
  }

  tell(event: ChannelEvent): void {
    if (!this.#deps.channels.mayReceive(this, event.source, event)) return
    const text = event.text(this.dialect)
    if (text !== undefined) this.send(text)
  }

  revoke(channel: string): void {
    this.#deps.channels.revoke(this, channel)
  }

  alive(): void {
    this.#silence.heard()
  }

  text(text: string, bytes: number): void {
    this.alive()
    const first = this.#phase.name === 'waiting'
    if (first && bytes > FIRST_FRAME_BYTES) this.#refuseAll(refusal('too-large'))
    if (this.#phase.name === 'greeting') {
      this.#phase.bytes += bytes
      if (this.#phase.bytes > HELD_BYTES) this.#refuseAll(rateLimited(BANNED_MS))
    }
    if (this.#phase.name === 'closed') return
    const entries = readFrame(this.dialect, text)
    this.#deps.counters.received += entries.length
    const admitted = first ? entries : this.#limiter.admit(entries, bytes, this.#writer)
    if (!admitted) this.#refuseAll(rateLimited(BANNED_MS))
    for (const entry of admitted ?? []) {
      this.#take(entry)
      // Without a hello nothing behind it in its frame means anything.
      if (first && this.#phase.name === 'waiting') return
    }
  }

  binary(): void {
    this.alive()
    this.#end(1003, 'binary where text is due')
  }

  closed(): void {
    if (this.#phase.name === 'closed') return
    if ('cancel' in this.#phase) this.#phase.cancel()
    const { user } = this.info()
    this.#phase = { name: 'closed', user }
    this.#expiry.stop()
    this.#deps.sessions.leave(this)
    this.#deps.channels.leave(this)
    this.#presence.end()
    this.#requests.end()
  }

  #take(entry: ReadCommand): void {
    switch (this.#phase.name) {
      case 'waiting':
        if (entry.kind === 'hello') this.#greet(entry, this.#phase.cancel)
        else if (entry.kind === 'fault') this.#fault(entry.of)
        else this.#fault([unexpected('the first message is hello')])
        return
      case 'greeting':
        this.#phase.held.push(entry)
        return
      case 'open':
        this.#run(entry, this.#phase)
        return
      case 'closed':
        return
    }
  }

  async #greet(hello: HelloCommand, cancel: Cancel): Promise<void> {
    const held: ReadCommand[] = []
    this.#phase = { name: 'greeting', cancel, held, bytes: 0 }
    if (hello.protocol !== PROTOCOL) return this.#refuseAll(refusal('bad-protocol'))
    const identity = await this.#deps.authenticate(this.#request, hello.token)
    if (this.#phase.name !== 'greeting') return
    if ('code' in identity) return this.#refuseAll(identity)
    const { user, expiresAt } = identity
    cancel()
    this.#phase = { name: 'open', user, senderId: hello.senderId, device: hello.clientId }
    if (!this.#deps.sessions.admit(this, user)) return this.#refuseAll(rateLimited(BANNED_MS))
    this.#limiter.belongsTo(user?.id)
    this.#expiry.begin(expiresAt)
    if (hello.expectUser !== undefined && hello.expectUser !== user?.id) {
      // Before the welcome, which would let the client send what the other user left behind.
      this.#writer.refuse(refusal('identity-changed'))
      held.length = 0
    }
    this.#writer.log('connection', `is ${user ? loggable(user.id) : 'nobody in particular'}`)
    this.#writer.welcome(user)
    if (this.#drain) this.#writer.say(this.#drain.notice)
    for (const entry of held) this.#take(entry)
  }

  async #renew({ requestId, token }: AuthCommand): Promise<void> {
    const identity = await this.#deps.authenticate(this.#request, token)
    if (this.#phase.name !== 'open') return
    if ('code' in identity) return this.#writer.refuse(identity, requestId)
    const { user, expiresAt } = identity
    if (user?.id !== this.#phase.user?.id) {
      this.#writer.refuse(refusal('identity-changed'), requestId)
      return this.#end(4401, 'identity-changed')
    }
    // What they are called, or may do, can be another now.
    this.#phase = { ...this.#phase, user }
    this.#expiry.begin(expiresAt)
    this.#writer.say({ kind: 'reply', to: [requestId], payload: { expiresAt }, at: undefined })
  }

  #run(entry: ReadCommand, caller: Extract<SessionPhase, { readonly name: 'open' }>): void {
    switch (entry.kind) {
      case 'ping':
        this.#pong(entry.timestamp)
        return
      case 'pong':
        return
      case 'hello':
        this.#fault([unexpected('hello was said before')])
        return
      case 'fault':
        this.#fault(entry.of)
        return
      case 'auth':
        this.queue.add(() => this.#renew(entry))
        return
      case 'subscribe':
        this.#deps.channels.subscribe(this, entry)
        return
      case 'unsubscribe':
        this.#deps.channels.unsubscribe(this, entry)
        return
      case 'publish':
      case 'request':
        this.#writer.log('requests', loggable(`${entry.kind} ${entry.type}`))
        // After a subscribe sent before it, so that the client gets the events of the request.
        this.#requests.take(entry, caller, this.queue.done)
        return
      case 'presence':
        this.queue.add(() => this.#presence.take(caller.user, caller.device, entry))
        return
    }
  }

  #pong(timestamp: number | undefined): void {
    const serverTime = this.#deps.clock.wall()
    // Whoever is behind is not to ask for what it misses before it keeps up.
    const offsets = this.#writer.behind ? undefined : this.#deps.channels.moved(this)
    this.#writer.say({ kind: 'pong', timestamp, serverTime, offsets })
  }

  /** Tells who drains the server that nothing is left to wait for. */
  #rest(): void {
    if (this.#drain && this.resting) this.#drain.rested()
  }

  #fault(malformed: readonly MalformedCommand[]): void {
    this.#writer.blame(malformed)
    if (this.#limiter.malformed()) this.#end(4400, 'malformed frames')
  }

  /** Says no to the connection as a whole. */
  #refuseAll(error: Refusal): void {
    this.#writer.refuse(error)
    this.#end(CLOSE_CODES.get(error.code) ?? 1008, error.code)
  }

  #end(code: number, reason: string): void {
    if (this.#phase.name === 'closed') return
    this.closed()
    this.#socket.close(code, reason)
  }
}

/** What the dialect sessions of a server share. */
export interface DialectSessionDeps {
  readonly clock: Clock
  /** How long a connection may take to greet and authenticate, in milliseconds. */
  readonly helloTimeoutMs: number
  /** After how long a silence a connection with members is asked, and after how long it is closed. */
  readonly silence: { readonly pingMs: number; readonly timeoutMs: number }
  readonly channels: ChannelManager
  readonly sessions: SessionRegistry
  readonly authenticate: MountHost['authenticate']
  readonly writer: FrameWriterDeps
  readonly limiter: InboundLimiterDeps
  readonly requests: RunOnceDeps
  readonly presence: ConnectionPresenceDeps
  readonly counters: Counters
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}
