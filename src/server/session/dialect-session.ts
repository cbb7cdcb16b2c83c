import type { Cancel } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { randomId } from '../../base/ids.ts'
import { loggable } from '../../base/logger.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import type {
  AuthCommand,
  HelloCommand,
  MalformedCommand,
  SubscribeCommand,
} from '../../protocol/command.ts'
import type { GoawayFrame } from '../../protocol/frame.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { User } from '../access/hooks.ts'
import { CLOSE_CODES, rateLimited, refusal, tooMany } from '../access/refusals.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { ConnectionPresence } from '../presence/connection-presence.ts'
import { ConnectionRequests } from '../requests/connection-requests.ts'
import { PartedSocket } from '../socket/message-parts.ts'
import type { Socket } from '../socket/socket.ts'
import { containedPart } from './contained-part.ts'
import { CredentialExpiry } from './credential-expiry.ts'
import type { DialectSessionDeps } from './dialect-session-deps.ts'
import type { ReadCommand } from './frame-reader.ts'
import { isRequest, NOT_HELLO, readFrame, SECOND_HELLO } from './frame-reader.ts'
import type { FrameWriterTarget } from './frame-writer.ts'
import { FrameWriter } from './frame-writer.ts'
import { InboundLimiter } from './inbound-limiter.ts'
import { lateReason, RegularPings } from './liveness.ts'
import type { MountSession, OpenSession, SessionInfo, SessionOptions } from './mount.ts'
import type { GreetingPhase, SessionDrain, SessionPhase } from './session-phase.ts'
import { BANNED_MS, FIRST_FRAME_BYTES, HELD_BYTES, NO_HELLO, PROTOCOL } from './session-phase.ts'
import { sessionPresence } from './session-presence.ts'
import { snapshotTexts } from './snapshot.ts'
import { UploadSigns } from './upload-signs.ts'

/** The connection of a client of a {@link ServerDialect}, until its socket is closed. */
export class DialectSession implements MountSession, OpenSession, FrameWriterTarget {
  readonly id = randomId()
  readonly dialect: ServerDialect
  /** Runs commands about channels, presence and credentials one by one, in order. */
  readonly queue: SerialQueue
  readonly snapshot: ChannelReceiver['snapshot']
  readonly #deps: DialectSessionDeps
  readonly #socket: Socket
  readonly #request: UpgradeRequest
  readonly #writer: FrameWriter
  readonly #pings: RegularPings | undefined
  readonly #limiter: InboundLimiter
  readonly #expiry: CredentialExpiry
  readonly #opened: SessionOptions['opened']
  /** Created by the first command of presence, as most connections send none. */
  #presence: ConnectionPresence | undefined
  /** Created by the first request. */
  #requests: ConnectionRequests | undefined
  /** The socket, or the one that sends in parts, for a client that reads these. */
  #out: Pick<Socket, 'send' | 'sendDroppable'>
  /** Set for a client that reads messages in parts. */
  #upload: UploadSigns | undefined
  #phase: SessionPhase
  #seenAt: number
  /** The size of the frame with the greeting. */
  #greetingBytes = 0
  #drain: SessionDrain | undefined

  constructor(
    deps: DialectSessionDeps,
    socket: Socket,
    dialect: ServerDialect,
    request: UpgradeRequest,
    { hello, snapshot: read, opened }: SessionOptions = {},
  ) {
    const { clock, helloTimeoutMs, report } = deps
    this.dialect = dialect
    this.#deps = deps
    this.#socket = socket
    this.#out = socket
    this.#request = request
    this.#opened = opened && containedPart(opened, report)
    this.snapshot = read && ((...on) => snapshotTexts({ read, ...deps }, this, ...on, clock.wall()))
    this.#seenAt = clock.now()
    this.#writer = new FrameWriter(deps.writer, this)
    this.#pings = dialect.pings && new RegularPings(dialect.pings, clock, this)
    this.#limiter = new InboundLimiter(deps.limiter, request.address)
    this.#expiry = new CredentialExpiry(clock, this)
    this.queue = new SerialQueue(report, () => this.#rest())
    const cancel = clock.after(helloTimeoutMs, () => this.end(4408, lateReason(this.#phase)))
    this.#phase = { name: 'waiting', cancel }
    this.#writer.opened()
    this.#pings?.start()
    if (hello) this.#greet({ ...NO_HELLO, ...hello }, cancel)
  }

  get user(): User | null {
    return this.#phase.name === 'open' ? this.#phase.user : null
  }

  /** An anonymous connection from an address without limits counts for itself. */
  get countsFor(): string {
    return this.#limiter.owner ?? `#${this.id}`
  }

  info(): SessionInfo {
    const user = 'user' in this.#phase ? this.#phase.user : undefined
    const channels = this.#deps.channels.channelsOf(this)
    return { id: this.id, dialect: this.dialect.name, user, channels }
  }

  get seenAt(): number {
    return this.#seenAt
  }

  get resting(): boolean {
    if (this.#phase.name !== 'open' || this.queue.done || this.#requests?.open) return false
    return this.#drain?.asks === false || !this.#deps.channels.channelsOf(this).length
  }

  drain(notice: GoawayFrame, rested: () => void): boolean {
    const asks = this.#writer.knows(notice)
    this.#drain = { notice, asks, rested }
    // A client that is still being authenticated receives the notice after its welcome.
    if (this.#phase.name === 'open') this.#writer.say(notice)
    return asks
  }

  get gone(): boolean {
    return this.#phase.name === 'closed'
  }

  send(text: string): void {
    if (!this.gone) this.#out.send(text)
  }

  offer(text: string): void {
    if (this.gone || this.#out.sendDroppable(text)) return
    if (this.dialect.recovery !== false) this.#writer.withheld()
    else this.end(1013, 'too slow')
  }

  missed(): void {
    this.end(1013, 'events are missing')
  }

  drained(): Promise<void> | undefined {
    return this.#socket.drained()
  }

  inOrder(step: () => void): void {
    if (this.queue.done) this.queue.add(step)
    else step()
  }

  expiring(expiresAt: number): void {
    this.#writer.say({ kind: 'expiring', expiresAt })
  }

  expired(): void {
    this.#refuseAll(refusal('not-authenticated'))
  }

  caughtUp(): void {
    // The pong carries current offsets, from which the client detects missed events.
    this.#pong(undefined)
  }

  sendEvent(event: ChannelEvent): void {
    if (!this.#deps.channels.mayReceive(this, event.source, event)) return
    const text = event.text(this.dialect)
    if (text !== undefined) this.send(text)
  }

  revoke(channel: string): void {
    this.#deps.channels.revoke(this, channel)
  }

  farewell(code: number): void {
    this.#writer.say({ kind: 'farewell', code })
  }

  alive(bytes = 0): void {
    this.#seen()
    if (!this.gone && !this.#limiter.take(bytes)) this.#abused()
  }

  received(bytes: number): void {
    this.#seen()
    if (this.#upload?.received(bytes)) this.#writer.say({ kind: 'receiving' })
  }

  text(text: string, bytes: number): void {
    this.#seen()
    const first = this.#phase.name === 'waiting'
    if (first && bytes > FIRST_FRAME_BYTES) this.#refuseAll(refusal('too-large'))
    if (this.#phase.name === 'greeting') {
      this.#phase.bytes += bytes
      if (this.#phase.bytes > HELD_BYTES) this.#abused()
    }
    if (this.#phase.name === 'closed') return
    const commands = readFrame(this.dialect, text)
    this.#deps.counters.received += commands.length
    if (first) this.#greetingBytes = bytes
    const admitted = first ? commands : this.#limiter.admit(commands, bytes, this.#writer)
    if (!admitted) this.#abused()
    for (const command of admitted ?? []) {
      this.run(command)
      // The first frame is not rate-limited, so without a hello the rest of it is ignored.
      if (first && this.#phase.name === 'waiting') return
    }
  }

  binary(): void {
    this.#seen()
    this.end(1003, 'binary where text is due')
  }

  closed(reason = 'the connection was lost', byPeer = false): void {
    if (this.#phase.name === 'closed') return
    const part = 'part' in this.#phase ? this.#phase.part : undefined
    this.#pings?.stop()
    if ('cancel' in this.#phase) this.#phase.cancel()
    // The client considers these as sent: they run once it is authenticated.
    if (byPeer && this.#phase.name === 'greeting' && this.#phase.held.some(isRequest)) {
      this.#phase.left = true
      return
    }
    const { user } = this.info()
    this.#phase = { name: 'closed', user }
    this.#expiry.stop()
    this.#deps.sessions.leave(this)
    this.#deps.channels.leave(this)
    this.#presence?.end()
    this.#requests?.end(byPeer)
    part?.closed(reason)
  }

  run(command: ReadCommand): void {
    switch (this.#phase.name) {
      case 'waiting':
        if (command.kind === 'hello') this.#greet(command, this.#phase.cancel)
        else this.#fault(command.kind === 'fault' ? command.of : [NOT_HELLO])
        return
      case 'greeting':
        this.#phase.held.push(command)
        return
      case 'open':
        this.#carryOut(command, this.#phase)
        return
    }
  }

  async #greet(hello: HelloCommand, cancel: Cancel): Promise<void> {
    const held: ReadCommand[] = [...(this.dialect.first ?? [])]
    const greeting: GreetingPhase = { name: 'greeting', cancel, held, bytes: 0, left: false }
    this.#phase = greeting
    if (hello.protocol !== PROTOCOL) return this.#refuseAll(refusal('bad-protocol'))
    const wanted = (): boolean => !this.gone
    const identity = await this.#deps.authenticate(this.#request, hello.token, wanted)
    if (this.#phase.name !== 'greeting') return
    if ('code' in identity) return this.#refuseAll(identity)
    const { user, expiresAt } = identity
    cancel()
    const { senderId, clientId: device } = hello
    const tag = this.#deps.eventTag({ user, senderId, connectionId: this.id })
    this.#phase = { name: 'open', user, senderId, tag, device, part: undefined }
    if (hello.parts) {
      this.#upload = new UploadSigns(this.#deps.clock)
      this.#out = new PartedSocket(this.#socket, this.dialect, this.#deps)
    }
    if (!this.#deps.sessions.admit(this, user)) return this.#refuseAll(tooMany(BANNED_MS))
    this.#limiter.belongsTo(user?.id)
    this.#expiry.begin(expiresAt)
    if (hello.expectUser !== undefined && hello.expectUser !== user?.id) {
      // Before the welcome, on which the client would send the former user's stored requests.
      this.#writer.refuse(refusal('identity-changed'))
      held.length = 0
    }
    this.#writer.log('connection', () => `is ${user ? loggable(user.id) : 'anonymous'}`)
    this.#writer.welcome(user, tag, hello.contract)
    const part = this.#opened?.(this)
    // The mount may have ended the connection.
    if (part && !this.gone) this.#phase = { ...this.#phase, part }
    if (this.#drain) this.#writer.say(this.#drain.notice)
    const bytes = this.#greetingBytes + greeting.bytes
    for (const command of this.#limiter.greet(held, bytes, this.#writer)) this.run(command)
    if (greeting.left) this.closed(undefined, true)
  }

  async #renew({ requestId, token }: AuthCommand): Promise<void> {
    const wanted = (): boolean => !this.gone
    const identity = await this.#deps.authenticate(this.#request, token, wanted)
    if (this.#phase.name !== 'open') return
    if ('code' in identity) return this.#writer.refuse(identity, requestId)
    const { user, expiresAt } = identity
    if (user?.id !== this.#phase.user?.id) {
      this.#writer.refuse(refusal('identity-changed'), requestId)
      return this.end(4401, 'identity-changed')
    }
    // The name of the user may have changed.
    this.#phase = { ...this.#phase, user }
    this.#expiry.begin(expiresAt)
    const reply = { kind: 'reply', to: [requestId], payload: { expiresAt }, at: undefined } as const
    this.#writer.say({ ...reply, type: 'auth' })
  }

  #carryOut(command: ReadCommand, caller: Extract<SessionPhase, { readonly name: 'open' }>): void {
    if (command.kind !== 'fault' && caller.part?.take(command)) return
    switch (command.kind) {
      case 'ping':
        this.#pong(command.timestamp)
        return
      case 'hello':
        this.#fault([SECOND_HELLO])
        return
      case 'fault':
        this.#fault(command.of)
        return
      case 'auth':
        this.queue.add(() => this.#renew(command))
        return
      case 'subscribe':
        this.#subscribe(command)
        return
      case 'unsubscribe':
        this.#deps.channels.unsubscribe(this, command)
        return
      case 'publish':
      case 'request':
        this.#writer.log('requests', () => loggable(`${command.kind} ${command.type}`))
        this.#requests ??= new ConnectionRequests(this.#deps.requests, this, () => this.#rest())
        // After the subscribes sent before it, so that the client receives the events it causes.
        if (command.kind === 'publish' || !command.ordered)
          this.#requests.take(command, caller, this.queue.done)
        else this.queue.add(() => this.#requests?.take(command, caller, undefined))
        return
      case 'presence':
        this.#presence ??= sessionPresence(this.#deps, this, this.#socket, this.#writer)
        this.queue.add(() => this.#presence?.take(caller.user, caller.device, command))
        return
    }
  }

  #subscribe(command: SubscribeCommand): void {
    const { ofJoin, channels } = command
    const joined = (): boolean => channels.every((channel) => this.#presence?.hasJoined(channel))
    this.#deps.channels.subscribe(this, command, ofJoin ? joined : undefined)
  }

  #pong(timestamp: number | undefined): void {
    const serverTime = this.#deps.clock.wall()
    // A slow client would see a gap in withheld events and request them before its buffer is empty.
    const offsets = this.#writer.behind ? undefined : this.#deps.channels.moved(this)
    this.#writer.say({ kind: 'pong', timestamp, serverTime, offsets })
  }

  ping(): void {
    const said = this.#writer.say({ kind: 'ping', timestamp: this.#deps.clock.wall() })
    if (!said) this.#socket.ping?.()
  }

  silent(): void {
    this.#presence?.peerSilent()
    this.end(4408, 'no sign of life')
  }

  #seen(): void {
    this.#seenAt = this.#deps.clock.now()
  }

  /** Notifies the drain once nothing is under way, also of the messages that arrived together. */
  #rest(): void {
    if (this.#drain) queueMicrotask(() => this.resting && this.#drain?.rested())
  }

  #fault(malformed: readonly MalformedCommand[]): void {
    this.#writer.blame(malformed)
    if (this.#limiter.malformed()) this.end(this.dialect.abuseCode ?? 4400, 'malformed frames')
  }

  /** Closes the connection of a client that has exceeded its rates too often. */
  #abused(): void {
    this.#refuseAll(rateLimited(BANNED_MS), this.dialect.abuseCode)
  }

  /** Refuses the whole connection and closes it. */
  #refuseAll(error: Refusal, code = CLOSE_CODES.get(error.code) ?? 1008): void {
    this.#writer.refuseAll(error)
    const close = this.dialect.closing?.(error)
    this.end(close?.code ?? code, close?.reason ?? error.code)
  }

  end(code: number, reason: string): void {
    if (this.#phase.name === 'closed') return
    this.closed(reason)
    this.#socket.close(code, reason)
  }
}
