import type { Cancel, Clock } from '../base/clock.ts'
import { isWirefoldError, messageOf, WirefoldError } from '../base/errors.ts'
import type { Ticket } from '../ports/outgoing-request.ts'
import type { CloseInfo, Transport, TransportFactory } from '../ports/transport.ts'
import type { Codec } from '../protocol/codec.ts'
import type { Credentials, Dialect, Outgoing } from '../protocol/dialect.ts'
import type { Frame, PartFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'
import type { ConnectDeadline } from './connect-deadline.ts'
import type { CredentialsSource } from './credentials.ts'
import type { HeartbeatOptions, Patience } from './heartbeat.ts'
import { Heartbeat } from './heartbeat.ts'
import { Sender } from './sender.ts'

/** How long a welcome may take behind something that could not be read, in milliseconds. */
const DOUBT_MS = 1_000
const SILENT = 'the peer gave no sign of life'

/**
 * What a link tells; nothing comes after `closed` or `refused`, nor after {@link Link.drop}, but the
 * error of `auth()` after its close.
 */
export interface LinkHandlers {
  /** The credentials are there. */
  authorized(link: Link): void
  opened(link: Link): void
  frame(frame: Frame, link: Link): void
  /** Something failed that has no better destination: a message that cannot be read, credentials. */
  failed(error: unknown): void
  closed(info: CloseInfo, link: Link): void
  /** It cannot be opened, now or later. */
  refused(error: WirefoldError, link: Link): void
  /** The peer is gone, or was never there, without a word. */
  dead(reason: string, link: Link): void
}

/** What a link is made of. */
export interface LinkDeps {
  readonly dialect: Dialect
  readonly codec: Codec
  readonly clock: Clock
  readonly transport: TransportFactory
  readonly url: string
  readonly credentialsSource: CredentialsSource
  /** From the dial to the welcome. */
  readonly connectDeadline: ConnectDeadline
  readonly heartbeat: HeartbeatOptions | false
  /** With the pings of this link and the following ones. */
  readonly patience: Patience
  readonly handlers: LinkHandlers
  /** When the first thing left, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined
  /** The server's time, where it is known. */
  serverTime(): number | undefined
}

/** One socket from its credentials to its end, with the dialect, sender and heartbeat that belong to it. */
export class Link {
  readonly dialect: Dialect
  /** What it was opened with. */
  credentials: Credentials = {}
  readonly #deps: LinkDeps
  readonly #sender: Sender
  #heartbeat: Heartbeat | undefined
  #transport: Transport | undefined
  /** Of the welcome, then of the next ping of a server that asks for signs of life itself. */
  #cancelDeadline: Cancel | undefined
  #silenceMs: number | undefined
  /** Whether the welcome has come, or what came in its place could not be read. */
  #answered = false
  #ended = false
  /** The beginning of a large message, whose end has not arrived. */
  #partial = ''

  constructor(deps: LinkDeps) {
    this.dialect = deps.dialect
    this.#deps = deps
    this.#sender = new Sender({
      ...deps,
      batches: deps.dialect.capabilities.batches,
      bufferedAmount: this.#bufferedAmount,
      send: (data) => this.#transport?.send(data),
    })
  }

  readonly #bufferedAmount = (): number => this.#transport?.bufferedAmount ?? 0

  /** The heartbeat, once it is welcomed. */
  get heartbeat(): Heartbeat | undefined {
    return this.#heartbeat
  }

  /**
   * Asks for credentials and opens the socket.
   *
   * @param denied whether the last credentials were refused
   */
  connect(denied: boolean): void {
    const { credentialsSource } = this.#deps
    this.#awaitWelcome()
    if (credentialsSource.idle) this.#open({})
    else void this.#authorize(denied)
  }

  /** Waits for the welcome, where it has not come yet, no longer than the deadline is now. */
  hurry(): void {
    if (!this.#answered) this.#awaitWelcome()
  }

  #awaitWelcome(): void {
    const { ms } = this.#deps.connectDeadline
    this.#deadAfter(ms, `no welcome in ${ms} ms`)
  }

  /** Sets the deadline anew, after which the link is dead for this reason. */
  #deadAfter(ms: number, reason: string): void {
    const { clock, connectDeadline, handlers } = this.#deps
    this.#cancelDeadline?.()
    this.#cancelDeadline = clock.after(ms, () => {
      if (!this.#answered) connectDeadline.missed()
      handlers.dead(reason, this)
    })
  }

  async #authorize(denied: boolean): Promise<void> {
    const { credentialsSource, handlers } = this.#deps
    try {
      const credentials = await credentialsSource.ask(denied ? 'refused' : 'connect')
      if (this.#ended) return
      handlers.authorized(this)
      this.#open(credentials)
    } catch (cause) {
      if (this.#ended) return
      this.#closed({ code: 1006, reason: `auth() failed: ${messageOf(cause)}`, cause })
      handlers.failed(cause)
    }
  }

  #open(credentials: Credentials): void {
    if (this.#ended) return
    this.credentials = credentials
    const { transport, url, handlers } = this.#deps
    const protocols = [...this.dialect.protocols, ...(credentials.protocols ?? [])]
    try {
      this.#transport = transport.open(this.dialect.url(url, credentials), protocols, {
        opened: () => handlers.opened(this),
        message: (data) => this.#receive(data),
        closed: (info) => this.#closed(info),
      })
    } catch (cause) {
      this.#end()
      const message = `The transport ${transport.name} could not open ${url}: ${messageOf(cause)}`
      const error = isWirefoldError(cause)
        ? cause
        : new WirefoldError('bad-url', message, { url }, { cause })
      handlers.refused(error, this)
    }
  }

  /**
   * Puts an intent into the backend's words and has them sent at the end of this turn.
   *
   * @returns what was said, `undefined` where the backend has no word for it
   */
  say(intent: Intent, ticket?: Ticket): readonly Outgoing[] | undefined {
    const said = this.dialect.encode(intent)
    if (said) for (const { wire } of said) this.#sender.push(wire, ticket)
    return said
  }

  /** Sends the greeting and what was said with it, as one frame. */
  greet(): void {
    this.#sender.flush()
  }

  /** What waited for the welcome may go, and signs of life are asked for. */
  welcomed(frame: WelcomeFrame | undefined): void {
    this.#answered = true
    this.#sender.welcomed(frame?.limits.frameBytes, frame?.limits.messagesPerSecond)
    this.#cancelDeadline?.()
    const { heartbeat, handlers, connectDeadline } = this.#deps
    connectDeadline.reset()
    if (heartbeat === false || this.dialect.heartbeat === 'none') return
    if (this.dialect.heartbeat === 'server') {
      this.#silenceMs = frame?.heartbeatMs
      this.#listen()
      return
    }
    const port = {
      ...this.#deps,
      ping: (timestamp: number) => this.#now({ kind: 'ping', timestamp }),
      bufferedAmount: this.#bufferedAmount,
      dead: () => handlers.dead(SILENT, this),
    }
    const wantedMs = frame?.heartbeatMs ?? this.dialect.presets.heartbeatMs
    this.#heartbeat = new Heartbeat(port, heartbeat, wantedMs)
    this.#heartbeat.start()
  }

  /**
   * Gives the sign of life the server asks for, unless it does not take what was said before: a flood
   * of pings must not fill our memory with answers.
   */
  pong(timestamp: number | undefined): void {
    if (this.#sender.congested) return
    this.#now({ kind: 'pong', timestamp, sentAt: this.#deps.clock.wall() })
  }

  /** Ends it at once and in silence, whatever the peer does. */
  drop(code?: number, reason?: string): void {
    this.#end()
    this.#transport?.close(code, reason)
  }

  #closed(info: CloseInfo): void {
    this.#end()
    this.#deps.handlers.closed(info, this)
  }

  #end(): void {
    this.#ended = true
    this.#cancelDeadline?.()
    this.#heartbeat?.stop()
    this.#sender.end()
  }

  /** Gives a server that asks for signs of life until its silence is too long. */
  #listen(): void {
    if (this.#silenceMs === undefined || this.#ended) return
    this.#deadAfter(this.#silenceMs, SILENT)
  }

  /** What could not be read may have been the welcome, which nobody says twice. */
  #doubt(): void {
    this.#answered = true
    this.#deadAfter(DOUBT_MS, 'no welcome that can be read')
  }

  /** Before everything that waits. */
  #now(intent: Intent): void {
    try {
      for (const { wire } of this.dialect.encode(intent) ?? []) this.#sender.urgent(wire)
    } catch (error) {
      this.#deps.handlers.failed(error)
    }
  }

  #receive(data: unknown): void {
    const { codec, handlers } = this.#deps
    let frames: Frame | readonly Frame[] | undefined
    try {
      frames = this.dialect.decode(codec.decode(data))
    } catch (error) {
      handlers.failed(error)
      if (!this.#answered) this.#doubt()
      return
    }
    if (frames === undefined) return
    if ('kind' in frames) this.#frame(frames)
    else this.#batch(frames)
  }

  /** Of the messages of a batch that are malformed only the first is told: 4 MiB hold two million. */
  #batch(frames: readonly Frame[]): void {
    let told = false
    for (const frame of frames) {
      const malformed = frame.kind === 'notice' && frame.level === 'malformed'
      if (!malformed || !told) this.#frame(frame)
      told ||= malformed
    }
  }

  #frame(frame: Frame): void {
    if (frame.kind === 'event') this.#heartbeat?.received(frame.timestamp)
    else if (frame.kind !== 'pong') this.#heartbeat?.received()
    if (frame.kind === 'ping') this.#listen()
    if (frame.kind === 'part') this.#part(frame)
    else this.#deps.handlers.frame(frame, this)
  }

  /** Joins the parts of a large message; each is a sign that the link carries it. */
  #part({ text, more }: PartFrame): void {
    this.#heartbeat?.progress()
    this.#partial += text
    // The codec refuses what is too long.
    if (more && this.#partial.length <= LONGEST_TEXT) return
    const whole = this.#partial
    this.#partial = ''
    this.#receive(whole)
  }
}
