import type { Cancel } from '../base/clock.ts'
import type { Refusal } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { GoawayFrame } from '../wire/frame.ts'
import type {
  HelloCommand,
  MalformedCommand,
  PublishCommand,
  RequestCommand,
  ServerDialect,
  ServerFrame,
} from '../wire/server-dialect.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { ServerCore } from './core.ts'
import type { Entry } from './entries.ts'
import { readEntries } from './entries.ts'
import { answerOnce } from './exactly-once.ts'
import { FaultCounter } from './fault-counter.ts'
import type { ConnectionInfo, MountRequest, Session } from './mount.ts'
import type { User } from './options.ts'
import { PresenceSession } from './presence-session.ts'
import type { RefusalCode } from './refusals.ts'
import { badFrame, refusal } from './refusals.ts'
import type { Socket } from './socket.ts'
import { Subscriptions } from './subscriptions.ts'

/** The largest first frame, in bytes: a stranger gets less room. */
const FIRST_FRAME_BYTES = 16 * 1024
/** How much may wait while the greeting is being settled, in bytes. */
const HELD_BYTES = 256 * 1024
/** The version of the protocol this server speaks. */
const PROTOCOL = 1

/** Who asks, as far as a greeting tells. */
interface Asker {
  readonly user: User | null
  readonly senderId: string | undefined
  /** What the client calls itself. */
  readonly device: string | undefined
}

/** Where a connection stands. */
type Phase =
  | { readonly name: 'waiting'; readonly cancel: Cancel }
  | { readonly name: 'greeting'; readonly cancel: Cancel; readonly held: Entry[]; bytes: number }
  | ({ readonly name: 'open' } & Asker)
  | { readonly name: 'closed' }

/** One client that greets first, from its socket's opening to its end. */
export class Connection implements Session {
  readonly dialect: ServerDialect
  readonly #id = randomId()
  readonly #core: ServerCore
  readonly #socket: Socket
  readonly #request: MountRequest
  readonly #subscriptions: Subscriptions
  readonly #presence: PresenceSession
  readonly #faults = new FaultCounter()
  readonly #gone = new AbortController()
  #phase: Phase
  /** The subscribes and unsubscribes that are not carried out yet: they go one by one. */
  #turn: Promise<void> | undefined
  /** How many requests and publishes are under way. */
  #asked = 0
  #drain: { readonly notice: GoawayFrame; readonly rested: () => void } | undefined

  constructor(core: ServerCore, socket: Socket, dialect: ServerDialect, request: MountRequest) {
    this.dialect = dialect
    this.#core = core
    this.#socket = socket
    this.#request = request
    this.#subscriptions = new Subscriptions(core, this)
    this.#presence = new PresenceSession(core, {
      connectionId: this.#id,
      say: (frame) => this.#say(frame),
      ping: () => socket.ping(),
      silent: () => this.#end(4408, 'no sign of life'),
    })
    const { clock, helloTimeoutMs } = core.options
    const cancel = clock.after(helloTimeoutMs, () => this.#end(4408, 'no hello in time'))
    this.#phase = { name: 'waiting', cancel }
  }

  info(): ConnectionInfo {
    const user = this.#phase.name === 'open' ? this.#phase.user : undefined
    return { id: this.#id, dialect: this.dialect.name, user, channels: this.#subscriptions.names }
  }

  get resting(): boolean {
    const open = this.#phase.name === 'open'
    return open && !this.#turn && !this.#asked && !this.#subscriptions.names.length
  }

  drain(notice: GoawayFrame, rested: () => void): void {
    this.#drain = { notice, rested }
    // To others the welcome comes first.
    if (this.#phase.name === 'open') this.#say(notice)
  }

  receives(event: ChannelEvent): boolean {
    if (this.#phase.name !== 'open') return false
    return this.#core.access.canReceive(this.#phase.user, event.source, event)
  }

  send(text: string): void {
    if (this.#phase.name !== 'closed') this.#socket.send(text)
  }

  alive(): void {
    this.#presence.heard()
  }

  text(text: string, bytes: number): void {
    this.alive()
    const first = this.#phase.name === 'waiting'
    if (first && bytes > FIRST_FRAME_BYTES) {
      this.#refuseAll('too-large', 1009)
      return
    }
    if (this.#phase.name === 'greeting') {
      this.#phase.bytes += bytes
      if (this.#phase.bytes > HELD_BYTES) this.#refuseAll('rate-limited', 4429)
    }
    for (const entry of readEntries(this.dialect, text)) {
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
    this.#phase = { name: 'closed' }
    this.#subscriptions.end()
    this.#presence.end()
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
    if (hello.protocol !== PROTOCOL) {
      this.#refuseAll('bad-protocol', 1008)
      return
    }
    const { headers, url } = this.#request
    const user = await this.#core.access.authenticate({ headers, url, token: hello.token })
    if (this.#phase.name !== 'greeting') return
    if (user === undefined) {
      this.#refuseAll('not-authenticated', 4401)
      return
    }
    cancel()
    this.#phase = { name: 'open', user, senderId: hello.senderId, device: hello.clientId }
    if (hello.expectUser !== undefined && hello.expectUser !== user?.id) {
      // Before the welcome, which would let the client send what the other user left behind.
      this.#refuse(refusal('identity-changed'))
      held.length = 0
    }
    this.#welcome(user)
    for (const entry of held) this.#take(entry)
  }

  #welcome(user: User | null): void {
    const { clock, heartbeatMs, limits } = this.#core.options
    // What was carried out before our memory begins would be carried out again: nobody is to repeat it.
    const dedupeMs = Math.min(limits.dedupeMs, Math.floor(this.#core.broker.answers.reachMs))
    this.#say({
      kind: 'welcome',
      connectionId: this.#id,
      userId: user?.id,
      serverTime: clock.wall(),
      heartbeatMs,
      limits: { ...limits, dedupeMs, messagesPerSecond: undefined },
    })
    if (this.#drain) this.#say(this.#drain.notice)
  }

  #run(entry: Entry, asker: Asker): void {
    switch (entry.kind) {
      case 'ping': {
        const serverTime = this.#core.options.clock.wall()
        const offsets = this.#subscriptions.moved()
        this.#say({ kind: 'pong', timestamp: entry.timestamp, serverTime, offsets })
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
      case 'subscribe':
        this.#inTurn(() => this.#subscriptions.subscribe(asker.user, entry))
        return
      case 'unsubscribe':
        this.#inTurn(() => this.#subscriptions.unsubscribe(entry.requestId, entry.channels))
        return
      case 'publish':
      case 'request':
        this.#answer(entry, asker)
        return
      case 'presence':
        this.#inTurn(() => this.#presence.take(asker, entry))
        return
    }
  }

  #inTurn(step: () => void | Promise<void>): void {
    const turn = (this.#turn ?? Promise.resolve())
      .then(step)
      .catch((error: unknown) => this.#core.report(error))
      .finally(() => {
        if (this.#turn === turn) this.#turn = undefined
        this.#rest()
      })
    this.#turn = turn
  }

  async #answer(command: PublishCommand | RequestCommand, asker: Asker): Promise<void> {
    this.#asked += 1
    // Who subscribes and then asks sees the events of what was asked.
    if (this.#turn) await this.#turn
    if (this.#phase.name === 'closed') return
    const { dialect } = this
    const { user, senderId } = asker
    const { signal } = this.#gone
    const caller = { user, senderId, dialect, connectionId: this.#id, signal }
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
    const nameless = malformed.find(({ requestId }) => requestId === undefined)
    if (nameless) this.#refuse(badFrame(nameless.reason))
    for (const { requestId, reason } of malformed) {
      if (requestId !== undefined) this.#refuse(badFrame(reason), requestId)
    }
    if (this.#faults.add(this.#core.options.clock.now())) this.#end(4400, 'malformed frames')
  }

  /** Says no to the connection as a whole. */
  #refuseAll(code: RefusalCode, closeCode: number): void {
    this.#refuse(refusal(code))
    this.#end(closeCode, code)
  }

  #refuse(error: Refusal, requestId?: string): void {
    this.#say({ kind: 'refusal', to: requestId === undefined ? [] : [requestId], error })
  }

  #say(frame: ServerFrame): void {
    const text = this.dialect.encode(frame)
    if (text !== undefined) this.send(text)
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
