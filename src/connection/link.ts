import type { Cancel, Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import { causedBy, messageOf } from '../base/errors.ts'
import { printWarning } from '../base/report.ts'
import type { ClientOutbox } from '../ports/outbox-storage.ts'
import type { CloseInfo, Transport, TransportFactory } from '../ports/transport.ts'
import type { Codec } from '../protocol/codec.ts'
import type { Credentials, Dialect, DialectFactory, Outgoing } from '../protocol/dialect.ts'
import { callDialect, createDialect, dialectError } from '../protocol/dialect-error.ts'
import type { Frame, PartFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'
import type { Auth, AuthReason } from './credentials.ts'
import type { HeartbeatLink, HeartbeatOptions } from './heartbeat.ts'
import { Heartbeat } from './heartbeat.ts'
import type { AwaitedReply } from './reply-table.ts'
import { ReplyTable } from './reply-table.ts'
import { Sender } from './sender.ts'
import type { ServerClock } from './server-clock.ts'

/** Time limit of the welcome after a message that could not be read, in milliseconds. */
const DOUBT_MS = 1_000
const SILENT = 'the peer gave no sign of life'

/**
 * One socket from its credentials to its end, with its dialect, sender, heartbeat, and the replies
 * that are awaited on it.
 */
export class Link implements HeartbeatLink {
  /** The dialect of its socket; one like it before the socket is opened. */
  dialect: Dialect
  readonly owner: LinkOwner
  readonly replies = new ReplyTable()
  /** The credentials with which it was opened. */
  credentials: Credentials = {}
  /** The heartbeat, once the server has welcomed the client. */
  heartbeat: Heartbeat | undefined
  /** Whether messages can be sent on it. */
  isReady = false
  /** Whether a greeting was sent: the welcome then shows that the credentials are accepted. */
  greets = false
  /** The server's refusal of the connection: the reason for the close that follows. */
  refusal: WirefoldError | undefined
  /** Time at which new credentials were asked for, if they have not come. */
  renewedAt = Number.NEGATIVE_INFINITY
  #sender: Sender | undefined
  #transport: Transport | undefined
  /** Of the welcome, then of the next ping of a server that sends pings. */
  #cancelDeadline: Cancel | undefined
  #silenceMs: number | undefined
  /** Whether the welcome has come, or a message in its place that could not be read. */
  #answered = false
  #ended = false
  /** The beginning of a large message, whose end has not arrived. */
  #partial = ''

  constructor(owner: LinkOwner, dialect: Dialect) {
    this.owner = owner
    this.dialect = dialect
  }

  /**
   * Asks for credentials and opens the socket.
   *
   * @param denied whether the last credentials were refused
   */
  connect(denied: boolean): void {
    const { auth, stored } = this.owner.deps
    this.#awaitWelcome()
    if (auth || stored) void this.#authorize(denied)
    else this.#open({})
  }

  /** Restarts the deadline of the welcome, if that has not come. */
  hurry(): void {
    if (!this.#answered) this.#awaitWelcome()
  }

  #awaitWelcome(): void {
    const ms = this.owner.welcomeMs
    this.#deadAfter(ms, `no welcome in ${ms} ms`)
  }

  /**
   * Restarts the deadline, after which the link is dead for this reason. Warns of the first missing
   * welcome of a client that never had one: not its network, but its options may be at fault.
   */
  #deadAfter(ms: number, reason: string): void {
    this.#cancelDeadline?.()
    this.#cancelDeadline = this.owner.deps.clock.after(ms, () => {
      if (!this.#answered && !this.owner.timeouts++ && this.#transport && !this.owner.opens) {
        printWarning(`The server sent ${reason}. Check its address, and the dialect.`)
      }
      this.dead(reason)
    })
  }

  async #authorize(denied: boolean): Promise<void> {
    try {
      const credentials = await this.fetchCredentials(denied ? 'refused' : 'connect')
      if (this.#ended) return
      this.owner.authorized(this)
      this.#open(credentials)
    } catch (cause) {
      if (this.#ended) return
      this.#closed({ code: 1006, reason: `auth() failed: ${messageOf(cause)}`, cause })
      this.owner.failed(cause)
    }
  }

  /** Fetches credentials from the application; rejects as the application does. */
  async fetchCredentials(reason: AuthReason): Promise<Credentials> {
    const { auth, stored } = this.owner.deps
    await stored?.ready()
    const given = await auth?.(reason)
    return typeof given === 'string' ? { token: given } : (given ?? {})
  }

  #open(credentials: Credentials): void {
    if (this.#ended) return
    this.credentials = credentials
    const { owner } = this
    const { transport, url } = owner.deps
    try {
      const dialect = createDialect(owner.deps.dialect, this.dialect.name)
      this.dialect = dialect
      const address = callDialect(dialect.name, 'url', () => dialect.url(url, credentials))
      const protocols = [...dialect.protocols, ...(credentials.protocols ?? [])]
      const handlers = {
        opened: () => owner.opened(this),
        message: (data: unknown) => this.#receive(data),
        closed: (info: CloseInfo) => this.#closed(info),
      }
      this.#transport = transport.open(address, protocols, handlers, credentials)
      const { clock } = owner.deps
      const { batches } = dialect.capabilities
      this.#sender = new Sender({ clock, codec: this.#codec }, batches, this.#transport)
    } catch (cause) {
      this.#end()
      const what = `The transport ${transport.name} could not open ${url}`
      owner.refused(causedBy(cause, 'bad-url', what, { url }), this)
    }
  }

  /**
   * Encodes an intent and sends its messages at the end of this turn; throws if one cannot be encoded
   * or is too large, and sends none of them then.
   *
   * @param awaitedOf returns the record of a message that is queued
   * @returns the messages; `undefined` if the backend does not support the intent
   */
  say(
    intent: Intent,
    awaitedOf?: (message: Outgoing) => AwaitedReply,
  ): readonly Outgoing[] | undefined {
    const said = this.#encode(intent)
    if (said) this.#sender?.push(said, awaitedOf)
    return said
  }

  /** Sends the greeting and the messages that go with it, as one frame. */
  greet(): void {
    this.#sender?.flush()
  }

  /** Sends the messages that waited for the welcome, and starts the heartbeat. */
  welcomed(frame: WelcomeFrame | undefined): void {
    const { dialect, owner } = this
    const { heartbeat, serverClock } = owner.deps
    this.#answered = true
    serverClock.read(frame?.serverTime)
    this.#sender?.welcomed(frame?.limits)
    this.#cancelDeadline?.()
    owner.timeouts = 0
    if (heartbeat === false || dialect.heartbeat === 'none') return
    if (dialect.heartbeat === 'server') {
      this.#silenceMs = frame?.heartbeatMs
      this.#awaitPing()
    } else {
      const wantedMs = frame?.heartbeatMs ?? dialect.presets.heartbeatMs
      this.heartbeat = new Heartbeat(this, heartbeat, wantedMs)
      this.heartbeat.start()
    }
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedAmount(): number {
    return this.#transport?.bufferedAmount ?? 0
  }

  /** Sends a ping, before the messages that wait. */
  ping(timestamp: number): void {
    this.#urgent({ kind: 'ping', timestamp })
  }

  /**
   * Answers a ping of the server, unless earlier messages wait for the network: a flood of pings must
   * not fill the client's memory with answers.
   */
  pong(timestamp: number | undefined): void {
    if (this.#sender?.congested) return
    this.#urgent({ kind: 'pong', timestamp, sentAt: this.owner.deps.clock.wall() })
  }

  #encode(intent: Intent): readonly Outgoing[] | undefined {
    return callDialect(this.dialect.name, 'encode', () => this.dialect.encode(intent))
  }

  #urgent(intent: Intent): void {
    try {
      for (const { wire } of this.#encode(intent) ?? []) this.#sender?.urgent(wire)
    } catch (error) {
      this.owner.failed(error)
    }
  }

  /** Ends it without a callback. */
  drop(code?: number, reason?: string): void {
    this.#end()
    this.#transport?.close(code, reason)
  }

  /** Ends it as lost: the peer is gone, or was never there, without a close; or said that it closes. */
  dead(reason = SILENT, code = 1006): void {
    // The owner forgets the link first: a close may call back.
    this.#closed({ code, reason })
    this.#transport?.close()
  }

  #closed(info: CloseInfo): void {
    const close = { cause: this.refusal, ...info }
    this.#end()
    this.owner.closed(close, this)
  }

  #end(): void {
    this.#ended = true
    this.refusal = undefined
    this.#cancelDeadline?.()
    this.heartbeat?.stop()
    this.#sender?.end()
    this.replies.forgetControls()
  }

  /** Awaits the next ping of a server that announced their interval. */
  #awaitPing(): void {
    if (this.#silenceMs !== undefined && !this.#ended) this.#deadAfter(this.#silenceMs, SILENT)
  }

  get #codec(): Codec {
    return this.dialect.codec ?? this.owner.deps.codec
  }

  #receive(data: unknown): void {
    let frames: Frame | readonly Frame[] | undefined
    try {
      const wire = this.#codec.decode(data)
      frames = this.#decode(wire)
    } catch (error) {
      this.owner.failed(error)
      if (this.#answered) return
      // It may have been the welcome, which is sent only once.
      this.#answered = true
      this.#deadAfter(DOUBT_MS, 'no welcome that can be read')
      return
    }
    if (frames === undefined) return
    if ('kind' in frames) this.#frame(frames)
    else this.#batch(frames)
  }

  /** As {@link callDialect}, but without a closure for each message. */
  #decode(wire: unknown): Frame | readonly Frame[] | undefined {
    try {
      return this.dialect.decode(wire)
    } catch (cause) {
      throw dialectError(this.dialect.name, 'decode', cause)
    }
  }

  /** Of the malformed messages of a batch only the first is reported: 4 MiB hold two million. */
  #batch(frames: readonly Frame[]): void {
    let reported = false
    for (const frame of frames) {
      const malformed = frame.kind === 'notice' && frame.level === 'malformed'
      if (!malformed || !reported) this.#frame(frame)
      reported ||= malformed
    }
  }

  #frame(frame: Frame): void {
    if (frame.kind === 'event') {
      this.heartbeat?.received(frame.timestamp)
      this.owner.frame(frame, this)
      return
    }
    if (frame.kind !== 'pong') this.heartbeat?.received()
    if (frame.kind === 'ping') this.#awaitPing()
    if (frame.kind === 'close') this.dead(frame.reason, frame.code)
    if (frame.kind === 'part') {
      this.#part(frame)
      return
    }
    if ('to' in frame) {
      // A reply that is no longer awaited came after the timeout of its request, which was reported.
      const sentAt = this.replies.take(frame)
      if (sentAt !== undefined) this.heartbeat?.answered(sentAt)
    }
    this.owner.frame(frame, this)
  }

  /** Joins the parts of a large message; each shows that the link carries it. */
  #part({ text, more }: PartFrame): void {
    this.heartbeat?.progress()
    this.#partial += text
    // The codec refuses a text that is too long.
    if (more && this.#partial.length <= LONGEST_TEXT) return
    const whole = this.#partial
    this.#partial = ''
    this.#receive(whole)
  }
}

/** The connection that a link belongs to: receives its outcomes, and remembers those of links before. */
export interface LinkOwner {
  readonly deps: LinkDeps
  /** Time limit of an attempt, from {@link Link.connect} to the welcome, in milliseconds. */
  readonly welcomeMs: number
  /** Number of connections opened. */
  readonly opens: number
  /** Number of attempts since the last welcome that exceeded their time limit. */
  timeouts: number
  /** Factor on the deadline of pings: above 1 after a link died while a reply was awaited. */
  patience: number
  authorized(link: Link): void
  opened(link: Link): void
  /** Receives every frame but parts, once a reply was passed to its request. */
  frame(frame: Frame, link: Link): void
  /** Receives an error without a better destination: an unreadable message, failed credentials. */
  failed(error: unknown): void
  /** The link has ended; it calls back no more, but with the error of `auth()`. */
  closed(info: CloseInfo, link: Link): void
  /** The link cannot be opened, now or later. */
  refused(error: WirefoldError, link: Link): void
}

/** Options of a link. */
export interface LinkDeps {
  readonly codec: Codec
  readonly clock: Clock
  readonly serverClock: ServerClock
  readonly dialect: DialectFactory
  readonly transport: TransportFactory
  readonly url: string
  readonly auth: Auth | undefined
  /** Stored requests, which are read before the first greeting. */
  readonly stored: ClientOutbox | undefined
  readonly heartbeat: HeartbeatOptions | false
}
