import type { Cancel } from '../../base/clock.ts'
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
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import { ConnectionPresence } from '../presence/connection-presence.ts'
import { ConnectionRequests } from '../requests/connection-requests.ts'
import type { ServerCore } from '../server-parts.ts'
import type { Socket } from '../socket/socket.ts'
import { authenticate } from './authenticate.ts'
import { CredentialExpiry } from './credential-expiry.ts'
import { FaultCounter } from './fault-counter.ts'
import type { ReadCommand } from './frame-reader.ts'
import { readFrame, unexpected } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { InboundLimiter } from './inbound-limiter.ts'
import type { MountSession, SessionInfo } from './mount.ts'
import { Pace } from './pace.ts'
import type { Asker, SessionPhase } from './session-phase.ts'
import { FIRST_FRAME_BYTES, HELD_BYTES } from './session-phase.ts'
import { welcome } from './welcome.ts'

/** How long somebody who is thrown out is to stay away, in milliseconds. */
const BANNED_MS = 10_000
/** The version of the protocol this server speaks. */
const PROTOCOL = 1

/** One client that greets first, from its socket's opening to its end. */
export class DialectSession implements MountSession, ChannelReceiver {
  readonly id = randomId()
  readonly dialect: ServerDialect
  readonly #core: ServerCore
  readonly #socket: Socket
  readonly #request: UpgradeRequest
  readonly #writer: FrameWriter
  readonly #pace: Pace
  readonly #presence: ConnectionPresence
  readonly #requests: ConnectionRequests
  readonly #limiter: InboundLimiter
  readonly #faults: FaultCounter
  readonly #expiry: CredentialExpiry
  /** What concerns channels and credentials goes one by one. */
  readonly #turns: SerialQueue
  #phase: SessionPhase
  #drain: { readonly notice: GoawayFrame; readonly rested: () => void } | undefined

  constructor(core: ServerCore, socket: Socket, dialect: ServerDialect, request: UpgradeRequest) {
    const { clock, helloTimeoutMs, limits } = core.options
    this.dialect = dialect
    this.#core = core
    this.#socket = socket
    this.#request = request
    const { id } = this
    this.#writer = new FrameWriter({ core, id, dialect, send: (text) => this.send(text) })
    // What it compares this with tells it what it misses.
    this.#pace = new Pace(socket, () => this.#pong(undefined))
    this.#presence = new ConnectionPresence(core, {
      connectionId: id,
      say: (frame) => this.#writer.say(frame),
      ping: () => socket.ping?.(),
      silent: () => this.#end(4408, 'no sign of life'),
    })
    this.#requests = new ConnectionRequests(core, this, () => this.#rest())
    this.#limiter = new InboundLimiter(core)
    this.#faults = new FaultCounter(limits.malformedPerMinute)
    this.#expiry = new CredentialExpiry(clock, {
      expiring: (expiresAt) => this.#writer.say({ kind: 'expiring', expiresAt }),
      expired: () => this.#refuseAll(refusal('not-authenticated')),
    })
    this.#turns = new SerialQueue(core.report, () => this.#rest())
    const cancel = clock.after(helloTimeoutMs, () => this.#end(4408, 'no hello in time'))
    this.#phase = { name: 'waiting', cancel }
  }

  get user(): User | null {
    return this.#phase.name === 'open' ? this.#phase.user : null
  }

  info(): SessionInfo {
    const user = 'user' in this.#phase ? this.#phase.user : undefined
    const channels = this.#core.channels.channelsOf(this)
    return { id: this.id, dialect: this.dialect.name, user, channels }
  }

  get resting(): boolean {
    const open = this.#phase.name === 'open'
    return (
      open &&
      !this.#turns.done &&
      !this.#requests.open &&
      !this.#core.channels.channelsOf(this).length
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
    if (!this.#gone) this.#pace.offer(text)
  }

  drained(): Promise<void> | undefined {
    return this.#socket.drained()
  }

  tell(event: ChannelEvent): void {
    if (!this.#core.access.canReceive(this.user, event.source, event)) return
    const text = event.text(this.dialect)
    if (text !== undefined) this.send(text)
  }

  revoke(channel: string): void {
    this.#core.channels.revoke(this, channel)
  }

  alive(): void {
    this.#presence.heard()
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
    this.#core.counters.received += entries.length
    const admitted = first ? entries : this.#limiter.admit(entries, bytes, this.#writer)
    if (!admitted) this.#refuseAll(rateLimited(BANNED_MS))
    for (const entry of admitted ?? []) {
      this.#take(entry)
      // Without a hello nothing behind it in its frame means anything.
      if (first && this.#phase.name === 'waiting') return
    }
  }

  binary(): void {
    this.#end(1003, 'binary where text is due')
  }

  closed(): void {
    if (this.#phase.name === 'closed') return
    if ('cancel' in this.#phase) this.#phase.cancel()
    const { user } = this.info()
    this.#phase = { name: 'closed', user }
    this.#expiry.stop()
    this.#core.roster.leave(this)
    this.#core.channels.leave(this)
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
    const identity = await authenticate(this.#core, this.#request, hello.token)
    if (this.#phase.name !== 'greeting') return
    if ('code' in identity) return this.#refuseAll(identity)
    const { user, expiresAt } = identity
    cancel()
    this.#phase = { name: 'open', user, senderId: hello.senderId, device: hello.clientId }
    if (!this.#core.roster.join(this, user)) return this.#refuseAll(rateLimited(BANNED_MS))
    this.#limiter.belongsTo(user?.id)
    this.#expiry.begin(expiresAt)
    if (hello.expectUser !== undefined && hello.expectUser !== user?.id) {
      // Before the welcome, which would let the client send what the other user left behind.
      this.#writer.refuse(refusal('identity-changed'))
      held.length = 0
    }
    this.#writer.log('connection', `is ${user ? loggable(user.id) : 'nobody in particular'}`)
    this.#writer.say(welcome(this.#core, this.id, user))
    if (this.#drain) this.#writer.say(this.#drain.notice)
    for (const entry of held) this.#take(entry)
  }

  async #renew({ requestId, token }: AuthCommand): Promise<void> {
    const identity = await authenticate(this.#core, this.#request, token)
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

  #run(entry: ReadCommand, asker: Asker): void {
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
        this.#turns.add(() => this.#renew(entry))
        return
      case 'subscribe':
        // Whoever is gone is not to become a member again.
        this.#turns.add(() => (this.#gone ? undefined : this.#core.channels.subscribe(this, entry)))
        return
      case 'unsubscribe':
        this.#turns.add(() => this.#core.channels.unsubscribe(this, entry))
        return
      case 'publish':
      case 'request':
        this.#writer.log('requests', loggable(`${entry.kind} ${entry.type}`))
        // Who subscribes and then asks sees the events of what was asked.
        this.#requests.take(entry, asker, this.#turns.done)
        return
      case 'presence':
        this.#turns.add(() => this.#presence.take(asker, entry))
        return
    }
  }

  #pong(timestamp: number | undefined): void {
    const serverTime = this.#core.options.clock.wall()
    // Whoever is behind is not to ask for what it misses before it keeps up.
    const offsets = this.#pace.behind ? undefined : this.#core.channels.moved(this)
    this.#writer.say({ kind: 'pong', timestamp, serverTime, offsets })
  }

  /** Tells who drains the server that nothing is left to wait for. */
  #rest(): void {
    if (this.#drain && this.resting) this.#drain.rested()
  }

  #fault(malformed: readonly MalformedCommand[]): void {
    this.#writer.blame(malformed)
    if (this.#faults.add(this.#core.options.clock.now())) this.#end(4400, 'malformed frames')
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
