import type { Cancel } from '../base/clock.ts'
import type { Refusal } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { loggable } from '../base/logger.ts'
import type { GoawayFrame } from '../wire/frame.ts'
import type {
  AuthCommand,
  HelloCommand,
  MalformedCommand,
  PublishCommand,
  RequestCommand,
  ServerDialect,
  SubscribeCommand,
} from '../wire/server-dialect.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { ServerCore } from './core.ts'
import type { Entry } from './entries.ts'
import { readEntries } from './entries.ts'
import { answerOnce } from './exactly-once.ts'
import { Expiry } from './expiry.ts'
import { FaultCounter } from './fault-counter.ts'
import { Gate } from './gate.ts'
import { identify } from './identify.ts'
import type { Receiver } from './membership.ts'
import type { MountRequest, Session, SessionInfo } from './mount.ts'
import type { Asker, Phase } from './phase.ts'
import { CLOSE_CODES, rateLimited, refusal } from './refusals.ts'
import type { Socket } from './socket.ts'
import { Subscriptions } from './subscriptions.ts'
import { Turns } from './turns.ts'
import { Voice } from './voice.ts'
import { welcome } from './welcome.ts'

/** The largest first frame, in bytes: a stranger gets less room. */
const FIRST_FRAME_BYTES = 16 * 1024
/** How much may wait while the greeting is being settled, in bytes. */
const HELD_BYTES = 256 * 1024
/** How long somebody who is thrown out is to stay away, in milliseconds. */
const BANNED_MS = 10_000
/** The version of the protocol this server speaks. */
const PROTOCOL = 1

/** One client that greets first, from its socket's opening to its end. */
export class Connection implements Session, Receiver {
  readonly id = randomId()
  readonly dialect: ServerDialect
  readonly #core: ServerCore
  readonly #socket: Socket
  readonly #request: MountRequest
  readonly #voice: Voice
  readonly #subscriptions: Subscriptions
  readonly #gate: Gate
  readonly #faults: FaultCounter
  readonly #expiry: Expiry
  /** What concerns channels and credentials goes one by one. */
  readonly #turns: Turns
  readonly #gone = new AbortController()
  #phase: Phase
  /** How many requests and publishes are under way. */
  #asked = 0
  #drain: { readonly notice: GoawayFrame; readonly rested: () => void } | undefined

  constructor(core: ServerCore, socket: Socket, dialect: ServerDialect, request: MountRequest) {
    const { clock, helloTimeoutMs, limits } = core.options
    this.dialect = dialect
    this.#core = core
    this.#socket = socket
    this.#request = request
    const { id } = this
    this.#voice = new Voice({ core, id, dialect, send: (text) => this.send(text) })
    this.#subscriptions = new Subscriptions(core, this)
    this.#gate = new Gate(core)
    this.#faults = new FaultCounter(limits.malformedPerMinute)
    this.#expiry = new Expiry(clock, {
      expiring: (expiresAt) => this.#voice.say({ kind: 'expiring', expiresAt }),
      expired: () => this.#refuseAll(refusal('not-authenticated')),
    })
    this.#turns = new Turns(core.report, () => this.#rest())
    const cancel = clock.after(helloTimeoutMs, () => this.#end(4408, 'no hello in time'))
    this.#phase = { name: 'waiting', cancel }
  }

  info(): SessionInfo {
    const user = 'user' in this.#phase ? this.#phase.user : undefined
    return { id: this.id, dialect: this.dialect.name, user, channels: this.#subscriptions.names }
  }

  get resting(): boolean {
    const open = this.#phase.name === 'open'
    return open && !this.#turns.done && !this.#asked && !this.#subscriptions.names.length
  }

  drain(notice: GoawayFrame, rested: () => void): void {
    this.#drain = { notice, rested }
    // To others the welcome comes first.
    if (this.#phase.name === 'open') this.#voice.say(notice)
  }

  receives(event: ChannelEvent): boolean {
    if (this.#phase.name !== 'open') return false
    return this.#core.access.canReceive(this.#phase.user, event.source, event)
  }

  send(text: string): void {
    if (this.#phase.name !== 'closed') this.#socket.send(text)
  }

  tell(event: ChannelEvent): void {
    if (!this.receives(event)) return
    const text = event.text(this.dialect)
    if (text !== undefined) this.send(text)
  }

  revoke(channel: string): void {
    this.#turns.add(() => this.#subscriptions.revoke(channel))
  }

  text(text: string, bytes: number): void {
    const first = this.#phase.name === 'waiting'
    if (first && bytes > FIRST_FRAME_BYTES) this.#refuseAll(refusal('too-large'))
    if (this.#phase.name === 'greeting') {
      this.#phase.bytes += bytes
      if (this.#phase.bytes > HELD_BYTES) this.#refuseAll(rateLimited(BANNED_MS))
    }
    if (this.#phase.name === 'closed') return
    const entries = readEntries(this.dialect, text)
    this.#core.counters.received += entries.length
    const admitted = first ? entries : this.#gate.admit(entries, bytes, this.#voice)
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
    this.#subscriptions.end()
    this.#gone.abort()
  }

  #take(entry: Entry): void {
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
    const held: Entry[] = []
    this.#phase = { name: 'greeting', cancel, held, bytes: 0 }
    if (hello.protocol !== PROTOCOL) return this.#refuseAll(refusal('bad-protocol'))
    const identity = await identify(this.#core, this.#request, hello.token)
    if (this.#phase.name !== 'greeting') return
    if ('code' in identity) return this.#refuseAll(identity)
    const { user, expiresAt } = identity
    cancel()
    this.#phase = { name: 'open', user, senderId: hello.senderId }
    if (!this.#core.roster.join(this, user)) return this.#refuseAll(rateLimited(BANNED_MS))
    this.#gate.belongsTo(user?.id)
    this.#expiry.begin(expiresAt)
    if (hello.expectUser !== undefined && hello.expectUser !== user?.id) {
      // Before the welcome, which would let the client send what the other user left behind.
      this.#voice.refuse(refusal('identity-changed'))
      held.length = 0
    }
    this.#voice.log('connection', `is ${user ? loggable(user.id) : 'nobody in particular'}`)
    this.#voice.say(welcome(this.#core, this.id, user))
    if (this.#drain) this.#voice.say(this.#drain.notice)
    for (const entry of held) this.#take(entry)
  }

  async #renew({ requestId, token }: AuthCommand): Promise<void> {
    const identity = await identify(this.#core, this.#request, token)
    if (this.#phase.name !== 'open') return
    if ('code' in identity) return this.#voice.refuse(identity, requestId)
    const { user, expiresAt } = identity
    if (user?.id !== this.#phase.user?.id) {
      this.#voice.refuse(refusal('identity-changed'), requestId)
      return this.#end(4401, 'identity-changed')
    }
    // What they are called, or may do, can be another now.
    this.#phase = { ...this.#phase, user }
    this.#expiry.begin(expiresAt)
    this.#voice.say({ kind: 'reply', to: [requestId], payload: { expiresAt }, at: undefined })
  }

  #run(entry: Entry, asker: Asker): void {
    switch (entry.kind) {
      case 'ping': {
        const serverTime = this.#core.options.clock.wall()
        const offsets = this.#subscriptions.moved()
        this.#voice.say({ kind: 'pong', timestamp: entry.timestamp, serverTime, offsets })
        return
      }
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
        this.#turns.add(() => this.#subscribe(entry))
        return
      case 'unsubscribe':
        this.#turns.add(() => this.#subscriptions.unsubscribe(entry.requestId, entry.channels))
        return
      case 'publish':
      case 'request':
        this.#answer(entry, asker)
        return
    }
  }

  async #subscribe(command: SubscribeCommand): Promise<void> {
    if (this.#phase.name !== 'open') return
    await this.#subscriptions.subscribe(this.#phase.user, command)
  }

  async #answer(command: PublishCommand | RequestCommand, asker: Asker): Promise<void> {
    this.#asked += 1
    this.#voice.log('requests', loggable(`${command.kind} ${command.type}`))
    // Who subscribes and then asks sees the events of what was asked.
    if (this.#turns.done) await this.#turns.done
    if (this.#phase.name === 'closed') return
    const { dialect } = this
    const caller = { ...asker, dialect, connectionId: this.id, signal: this.#gone.signal }
    const text = await answerOnce(this.#core, caller, command)
    const due = command.requestId !== undefined || command.kind === 'request'
    if (text && due) this.send(text)
    this.#asked -= 1
    this.#rest()
  }

  /** Tells who drains the server that nothing is left to wait for. */
  #rest(): void {
    if (this.#drain && this.resting) this.#drain.rested()
  }

  #fault(malformed: readonly MalformedCommand[]): void {
    this.#voice.blame(malformed)
    if (this.#faults.add(this.#core.options.clock.now())) this.#end(4400, 'malformed frames')
  }

  /** Says no to the connection as a whole. */
  #refuseAll(error: Refusal): void {
    this.#voice.refuse(error)
    this.#end(CLOSE_CODES.get(error.code) ?? 1008, error.code)
  }

  #end(code: number, reason: string): void {
    if (this.#phase.name === 'closed') return
    this.closed()
    this.#socket.close(code, reason)
  }
}

function unexpected(reason: string): MalformedCommand {
  return { kind: 'malformed', reason, requestId: undefined }
}
