import type { Emitter, Unsubscribe } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import { refusalError, WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { Readable } from '../base/store.ts'
import { printError } from '../base/store.ts'
import { Connection } from '../connection/connection.ts'
import type { ConnectionState } from '../connection/connection-state.ts'
import type { AskOptions } from '../connection/ledger.ts'
import { Ledger } from '../connection/ledger.ts'
import type { Link } from '../connection/link.ts'
import type { Frame, NoticeFrame, ReplyFrame, WelcomeFrame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import type { Answered, Line } from '../wire/line.ts'
import type { CloseInfo } from '../wire/transport.ts'
import type { ClientOptions, ResolvedClientOptions } from './options.ts'
import { resolveClientOptions } from './options.ts'
import { Wings } from './wings.ts'

/** What a client tells of its life, in past tense. */
export interface ClientEvents {
  /** The server knows us: everything works. `undefined` where the backend greets nobody. */
  opened(welcome: WelcomeFrame | undefined): void
  /** The connection was lost; `client.state` says what comes next. */
  dropped(close: CloseInfo): void
  /** Closed by `close()`. */
  closed(state: ConnectionState): void
  /** Given up; only `connect()` tries again. */
  failed(error: WirefoldError): void
  /** A message was left aside on purpose. */
  notice(notice: NoticeFrame): void
  /** A failure that has no better destination. */
  error(error: unknown): void
}

/** How a request is made. */
export interface RequestOptions {
  /** Gives up the wait; a request that has left may still be carried out. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long the answer may take, in milliseconds; waiting for the connection counts.
   * @default the client's `requestTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /** The channel the request is about, for backends that want it said. */
  readonly channel?: string | undefined
}

/**
 * One connection to one backend.
 *
 * It connects when it is first needed, comes back by itself until `close()`, and makes every request
 * settle exactly once. What travels on it is the business of its wings: `ChannelSubscriber` and others.
 *
 * @example
 * const client = new RealtimeClient('wss://api.example.com/ws')
 * const task = await client.request('task:create', { title: 'Write' })
 */
export class RealtimeClient {
  readonly #options: ResolvedClientOptions
  readonly #events: Emitter<ClientEvents>
  readonly #connection: Connection
  readonly #ledger: Ledger
  readonly #wings = new Wings()
  readonly #clientId = randomId()
  readonly #senderId = randomId()
  #opening: Promise<void> | undefined

  /** The port for wings such as `ChannelSubscriber`. */
  readonly line: Line

  constructor(url: string, options: ClientOptions = {}) {
    this.#options = resolveClientOptions(options)
    const { clock, outboxLimit } = this.#options
    this.#events = createEmitter((error, event) => {
      // A listener of `error` that throws must not be told of it again and again.
      if (event === 'error') printError(error)
      else this.#report(error)
    })
    this.#connection = new Connection(
      { ...this.#options, url, report: (error) => this.#report(error) },
      {
        opening: (link) => this.#greet(link),
        welcomed: (frame) => this.#events.emit('opened', frame),
        frame: (frame) => this.#receive(frame),
        unreadable: (error) => this.#report(error),
        cut: (close) => this.#cut(close),
        ended: (error) => this.#ended(error),
      },
    )
    this.#ledger = new Ledger({
      clock,
      limit: outboxLimit,
      say: (question) => {
        const { link } = this.#connection
        return link ? link.say(question) : false
      },
      dialect: () => this.#connection.dialect.name,
    })
    this.line = this.#makeLine()
  }

  /** Whether there is a connection: `idle`, `connecting`, `open`, `waiting`, `offline`, `closed`, `failed`. */
  get state(): Readable<ConnectionState> {
    return this.#connection.state
  }

  /** How many requests wait for their answer. */
  get pendingRequests(): number {
    return this.#ledger.size
  }

  /** Follows the client's life; the returned function stops it. */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): Unsubscribe {
    return this.#events.on(event, listener)
  }

  /**
   * Connects now, cutting a wait short; calling it again changes nothing.
   *
   * @returns settles with the first `open`, or rejects once the client is `closed` or `failed`; the
   * same promise until then
   */
  connect(): Promise<void> {
    this.#connection.input({ name: 'connect' })
    if (this.state.get().name === 'open') return Promise.resolve()
    this.#opening ??= this.#outcome()
    return this.#opening
  }

  /** Closes the connection; every pending request is rejected with `closed`. `connect()` opens it again. */
  close(): void {
    this.#connection.input({ name: 'close' })
  }

  /**
   * Asks the server for something.
   *
   * Rejects with `request-timeout`, `aborted`, `disconnected` (lost after it was sent), `outbox-full`,
   * `unsupported`, `too-large`, `closed`, `failed`, or the code the server refused with.
   */
  async request<Reply = unknown>(
    type: string,
    payload?: unknown,
    options: RequestOptions = {},
  ): Promise<Reply> {
    const { channel } = options
    const requestId = randomId()
    const timestamp = this.#options.clock.wall()
    const reply = await this.#ask(
      { kind: 'request', timestamp, requestId, type, channel, payload },
      options,
    )
    return reply.payload as Reply
  }

  /**
   * Adds an event to a channel and waits until the server has it.
   *
   * Rejects as {@link request} does.
   *
   * @returns the id made for the event, which its broadcast carries too
   */
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: Omit<RequestOptions, 'channel'> = {},
  ): Promise<string> {
    const id = randomId()
    const requestId = randomId()
    const timestamp = this.#options.clock.wall()
    await this.#ask({ kind: 'publish', timestamp, requestId, channel, id, type, payload }, options)
    return id
  }

  #ask(question: Parameters<Ledger['ask']>[0], options: RequestOptions): Promise<ReplyFrame> {
    const error = this.#finalError()
    if (error) return Promise.reject(error)
    const { signal, timeoutMs = this.#options.requestTimeoutMs } = options
    const ask: AskOptions = { timeoutMs, signal }
    const answer = this.#ledger.ask(question, ask)
    this.#connection.input({ name: 'needed' })
    return answer
  }

  /** Why nothing can be asked, where the client has ended. */
  #finalError(): WirefoldError | undefined {
    const state = this.state.get()
    if (state.name === 'failed') return state.error
    if (state.name !== 'closed') return undefined
    return new WirefoldError('closed', 'The client is closed. Call connect() to open it again.', {})
  }

  #makeLine(): Line {
    const connection = this.#connection
    return {
      get dialect() {
        return connection.dialect
      },
      clock: this.#options.clock,
      join: (wing) => this.#wings.join(wing),
      wake: () => connection.input({ name: 'needed' }),
      say: (intent, answered) => this.#say(intent, answered),
      report: (error) => this.#report(error),
    }
  }

  /** Control traffic: said now or not at all. */
  #say(intent: Intent, answered: Answered | undefined): boolean {
    const { link } = this.#connection
    if (!link) return false
    const said = link.say(intent)
    if (!answered) return true
    const to = 'requestId' in intent ? [intent.requestId] : []
    const local: ReplyFrame = { kind: 'reply', to, payload: undefined, at: undefined }
    if (!said?.length) answered(local, undefined)
    for (const outgoing of said ?? []) {
      if (outgoing.keys.length === 0) answered(local, outgoing.channels)
      else this.#ledger.expect(outgoing, answered, this.#options.requestTimeoutMs)
    }
    return true
  }

  #greet(link: Link): boolean {
    const greeting = link.say({
      kind: 'hello',
      timestamp: this.#options.clock.wall(),
      clientId: this.#clientId,
      senderId: this.#senderId,
      token: undefined,
      expectUser: undefined,
    })
    this.#wings.opening()
    this.#ledger.opening()
    return greeting !== undefined
  }

  #receive(frame: Frame): void {
    switch (frame.kind) {
      case 'event':
      case 'unsubscribed':
        this.#wings.receive(frame)
        return
      case 'reply':
      case 'subscribed':
        // One that nobody waits for any more came too late, which was reported when it was given up.
        this.#ledger.settle(frame)
        return
      case 'refusal':
        if (frame.to.length > 0) this.#ledger.settle(frame)
        else this.#refused(frame.error)
        return
      case 'ping':
        this.#say({ kind: 'pong', timestamp: frame.timestamp }, undefined)
        return
      case 'notice':
        this.#notice(frame)
        return
      case 'welcome':
      case 'pong':
      case 'goaway':
      case 'expiring':
        return
    }
  }

  #refused(refusal: Parameters<typeof refusalError>[1]): void {
    const error = refusalError(refusal.channel ?? 'the connection', refusal)
    if (refusal.channel === undefined) this.#connection.refused(error)
    this.#report(error)
  }

  #notice(notice: NoticeFrame): void {
    if (notice.level === 'ignored') {
      this.#events.emit('notice', notice)
      return
    }
    const sample = String(JSON.stringify(notice.wire)).slice(0, 80)
    const message = `A message is not of the protocol ${this.#connection.dialect.name}: ${notice.reason}.`
    this.#report(new WirefoldError('bad-frame', message, { reason: notice.reason, sample }))
  }

  #cut(close: CloseInfo): void {
    this.#ledger.cut()
    this.#wings.cut()
    this.#events.emit('dropped', close)
  }

  #ended(error: WirefoldError): void {
    this.#ledger.end(error)
    this.#wings.ended(error)
    if (error.code === 'closed') this.#events.emit('closed', this.state.get())
    else if (this.#events.listens('failed')) this.#events.emit('failed', error)
    else this.#report(error)
  }

  #report(error: unknown): void {
    if (this.#events.listens('error')) this.#events.emit('error', error)
    else printError(error)
  }

  /** Settles with the first state that answers whether we are connected. */
  #outcome(): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      const look = (state: ConnectionState): void => {
        const error = this.#finalError()
        if (state.name === 'open') resolve()
        else if (error) reject(error)
        else return
        stop()
        this.#opening = undefined
      }
      const stop = this.state.listen(look)
      // A dial that fails at once has done so by now.
      queueMicrotask(() => look(this.state.get()))
    })
    // Whoever only calls connect() and follows the state has its failure there.
    outcome.catch(() => {})
    return outcome
  }
}
