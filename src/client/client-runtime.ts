import type { Emitter } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import type { Refusal } from '../base/errors.ts'
import { badOption, messageOf, refusalError, WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import { loggable } from '../base/logger.ts'
import { printError } from '../base/report.ts'
import { followedStore } from '../base/store.ts'
import type { ConnectionOwner } from '../connection/connection.ts'
import { Connection } from '../connection/connection.ts'
import { closedError } from '../connection/connection-state.ts'
import type { Environment } from '../connection/environment.ts'
import type { Link } from '../connection/link.ts'
import { ServerClock } from '../connection/server-clock.ts'
import type { ClientChecks } from '../ports/client-checks.ts'
import type { ClientExtension, ClientPort, OnControlReply } from '../ports/client-port.ts'
import type { CheckedClient } from '../ports/contract-port.ts'
import type { ClientOutbox, OutboxHost, RestoredMutation } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { Dialect, Outgoing } from '../protocol/dialect.ts'
import type { EventFrame, Frame, NoticeFrame, ReplyFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import { badFrame } from '../protocol/json-codec.ts'
import type { ControlDeps } from '../requests/control-messages.ts'
import { sayControl } from '../requests/control-messages.ts'
import { PendingRequests } from '../requests/pending-requests.ts'
import type { ClientEvents } from './client-events.ts'
import type { Opening } from './opening.ts'
import { opening } from './opening.ts'
import type { ResolvedClientOptions } from './options.ts'

/** The extensions of this package, by their order. */
const OWN: Readonly<Record<number, string>> = { 1: 'ChannelSubscriber', 2: 'PresenceManager' }
/**
 * Time after which the application is asked for new credentials again, although it has not answered,
 * in milliseconds.
 */
const RENEWAL_MS = 10_000

/**
 * The inside of a client: passes frames and intents between its connection, requests and extensions.
 * The functions of the port are members of their own, so that an extension may pass them on.
 */
export class ClientRuntime implements ClientPort, ConnectionOwner, CheckedClient, OutboxHost {
  readonly events: Emitter<ClientEvents>
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly serverClock: ServerClock
  readonly clock: ClientPort['clock']
  readonly environment: Environment
  readonly random: ClientPort['random']
  readonly state: ClientPort['state']
  readonly restored = followedStore<readonly RestoredMutation[]>([], (error) => this.report(error))
  readonly checks: ClientChecks | undefined
  /** Number of malformed messages. */
  malformed = 0
  /** Scope of deduplication for anonymous users. */
  senderId: string | undefined
  /** The client's user id, by the last welcome or by the stored outbox. */
  userId: string | undefined
  /** The tag of the last welcome, or empty. */
  eventTag = ''
  readonly #options: ResolvedClientOptions
  readonly #controls: ControlDeps
  readonly #outbox: ClientOutbox | undefined
  #extensions: readonly ClientExtension[] = []
  // Created on first use: some runtimes forbid random values while modules are loaded.
  readonly #clientId = lazy(randomId)
  #eventCount = 0
  readonly #requestIds = lazy(randomId)
  #requestCount = 0
  #opening: Opening | undefined

  constructor(url: string, options: ResolvedClientOptions) {
    const { report } = this
    const { clock, environment, random } = options
    this.#options = options
    this.clock = clock
    this.environment = environment
    this.random = random
    this.serverClock = new ServerClock(clock)
    this.events = createEmitter((error, event) => {
      // An `error` listener that throws must not be called with its own error.
      if (event === 'error') printError(error)
      else report(error)
    })
    this.#outbox = options.outbox.storage?.keep(this, options.outbox.limit)
    const { serverClock } = this
    const shared = { ...options, serverClock, report, url, stored: this.#outbox }
    this.connection = new Connection(shared, this)
    this.state = this.connection.state
    this.requests = new PendingRequests({ ...shared, link: () => this.connection.link })
    this.#controls = shared
    this.checks = options.contract?.['~wirefold']?.join(this, options)
    this.state.listen(({ name }) => options.logger()?.('connection', name))
  }

  get dialect(): Dialect {
    return this.connection.dialect
  }

  readonly join = (extension: ClientExtension): (() => void) => {
    const { order } = extension
    if (this.#extensions.some((other) => other.order === order)) {
      const name = OWN[order] ?? `extension of order ${order}`
      throw badOption(
        name,
        `This client already has a ${name}. Create one per client, and share it.`,
      )
    }
    this.#extensions = [...this.#extensions, extension].sort((a, b) => a.order - b.order)
    if (this.connection.link) extension.opening()
    return () => {
      this.#extensions = this.#extensions.filter((other) => other !== extension)
    }
  }

  readonly wake = (): void => {
    this.connection.input({ name: 'needed' })
  }

  readonly say = (intent: Intent, answered?: OnControlReply): boolean => {
    const { link } = this.connection
    if (link) sayControl(link, intent, answered, this.#controls)
    return link !== undefined
  }

  /** Number of handlers of the application. */
  get handlers(): number {
    return this.#extensions.reduce((sum, { handlers }) => sum + handlers, 0)
  }

  /** Connects now; settles with the first state that is open or final. */
  connect(): Promise<void> {
    const awaited = this.#opening ?? opening()
    if (this.state.get().name === 'open') awaited.settle()
    else this.#opening = awaited
    this.connection.input({ name: 'connect' })
    return awaited.promise
  }

  /** Sends a request, and connects if there is no connection. */
  send(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    this.#options.logger()?.('requests', loggable(nameOf(request)))
    const reply = this.#outbox?.send(request, options) ?? this.sendNow(request, options)
    const { volatile, timeoutMs, ttlMs } = options
    const waitsMs = volatile ? 0 : Math.min(timeoutMs, ttlMs)
    this.connection.needed(this.#options.clock.now() + waitsMs)
    return reply
  }

  /** Sends a request without storing it, also one that an earlier page has stored, and checks its reply. */
  sendNow(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const error = this.finalError()
    if (error) return Promise.reject(error)
    const { checks } = this
    const since = this.clock.now()
    const reply = this.requests.send(request, options)
    if (!checks || request.kind === 'publish') return reply
    return reply.then(async (frame) => {
      const payload = await checks.reply({ ...request, since }, frame.payload, options)
      return { ...frame, payload }
    })
  }

  /** Returns the reason why requests are rejected, if the client has ended. */
  finalError(): WirefoldError | undefined {
    const state = this.state.get()
    if (state.name === 'failed') return state.error
    return state.name === 'closed' ? closedError() : undefined
  }

  /** Returns a new id for an event of this client. */
  eventId(): string {
    return `${this.#clientId()}:${(++this.#eventCount).toString(36)}`
  }

  /**
   * Returns a new id for a request: a number behind random characters of this client, which others
   * cannot guess. Random characters for each request would take most of the time of sending it.
   */
  requestId(): string {
    return this.#requestIds() + (++this.#requestCount).toString(36)
  }

  /** Whether an event has an id of this client. */
  isOwn({ id }: EventFrame): boolean {
    return id?.startsWith(`${this.eventTag}${this.#clientId()}:`) ?? false
  }

  /** Reports an error that no caller receives. */
  readonly report = (error: unknown): void => {
    this.#log(error)
    if (this.events.listens('error')) this.events.emit('error', error)
    else printError(error)
  }

  #log(error: unknown): void {
    this.#options.logger()?.('errors', loggable(String(error)))
  }

  greet(link: Link): readonly Outgoing[] | undefined {
    this.senderId ??= randomId()
    return link.say({
      kind: 'hello',
      timestamp: this.#options.clock.wall(),
      clientId: this.#clientId(),
      senderId: this.senderId,
      contract: this.checks?.fingerprint,
      token: link.credentials.token,
      expectUser: this.userId,
    })
  }

  opening(): void {
    for (const extension of this.#extensions) extension.opening()
    this.requests.opening()
  }

  welcomed(frame: WelcomeFrame | undefined, isMove: boolean): void {
    const userId = frame?.userId
    this.#opening?.settle()
    this.#opening = undefined
    if (this.userId !== undefined && userId !== this.userId) this.#identityChanged(userId)
    this.userId = userId
    this.eventTag = frame?.tag ?? ''
    this.#outbox?.greeted(userId)
    if (isMove) {
      for (const extension of this.#extensions) extension.disconnected()
      this.opening()
    }
    this.requests.welcomed(frame)
    if (!isMove) this.events.emit('opened', frame)
    // The connection passes on the welcome of a first link by itself.
    else if (frame) this.frame(frame)
  }

  drained(link: Link): void {
    this.requests.disconnected(link)
    this.requests.opening()
  }

  frame(frame: Frame): void {
    // The reply to a subscribe lets the requests on its channel leave.
    if ('to' in frame && this.dialect.waits) this.requests.opening()
    switch (frame.kind) {
      case 'refusal':
        if (frame.to.length === 0) this.#refused(frame.error)
        break
      case 'expiring':
        void this.#renew()
        break
      case 'notice':
        this.#notice(frame)
        break
      default:
        for (const extension of this.#extensions) if (extension.receive(frame)) return
        if (frame.kind === 'event') this.#unsubscribed(frame)
    }
  }

  disconnected(close: CloseInfo): void {
    this.#options.logger()?.(
      'connection',
      `lost: ${close.code} ${loggable(close.reason || messageOf(close.cause))}`,
    )
    for (const extension of this.#extensions) extension.disconnected()
    this.requests.disconnected(undefined, close.code)
    this.connection.needed(this.requests.nearestDeadline())
    this.events.emit('dropped', close)
  }

  ended(error: WirefoldError): void {
    const opening = this.#opening
    this.#opening = undefined
    opening?.settle(error)
    this.#outbox?.release(this.userId)
    // The caller of a stored request may be gone with an earlier page.
    const isRequested = this.requests.rejectAll(error) && !this.#outbox
    const isAwaited =
      this.#extensions.map((extension) => extension.ended(error)).includes(true) || isRequested
    if (error.code === 'closed') this.events.emit('closed', error)
    else if (this.events.listens('failed')) this.events.emit('failed', error)
    else {
      const deliver = (): void =>
        isAwaited || opening?.promise.isAwaited ? this.#log(error) : this.report(error)
      // After a failure within connect() its caller has the promise only now: `await` uses it two
      // microtasks later.
      void Promise.resolve().then().then(deliver)
    }
  }

  /**
   * Asks the application for new credentials and sends them: without, the server closes the connection
   * when the present ones expire. One request at a time and link; credentials that arrive after a newer
   * request, or after the end of its link, are dropped. Never rejects.
   */
  async #renew(): Promise<void> {
    const { link } = this.connection
    const { auth, clock } = this.#options
    const now = clock.now()
    if (!auth || !link || now < link.renewedAt + RENEWAL_MS) return
    link.renewedAt = now
    const isCurrent = (): boolean => link === this.connection.link && link.renewedAt === now
    try {
      const { token } = await link.fetchCredentials('expiring')
      if (token === undefined || !isCurrent()) return
      const timestamp = clock.wall()
      this.say({ kind: 'auth', timestamp, requestId: randomId(), token }, (answer) => {
        if (answer?.kind === 'refusal') this.report(refusalError('the new token', answer.error))
      })
    } catch (error) {
      if (isCurrent()) this.report(error)
    } finally {
      if (isCurrent()) link.renewedAt = Number.NEGATIVE_INFINITY
    }
  }

  #refused(refusal: Refusal): void {
    // Once per greeting: it refuses the user id that the greeting expected, and from then on the
    // client expects none.
    if (refusal.code === 'identity-changed' && this.userId !== undefined) {
      // The server has dropped the messages sent with the greeting: send them again, without a
      // user.
      this.#identityChanged(undefined)
      this.userId = undefined
      this.requests.disconnected()
      this.connection.link?.replies.forgetControls()
      for (const extension of this.#extensions) {
        extension.forget()
        extension.disconnected()
      }
      for (const extension of this.#extensions) extension.opening()
      return
    }
    const error = refusalError(refusal.channel ?? 'the connection', refusal)
    if (refusal.channel === undefined) this.connection.refuse(error)
    else this.report(error)
  }

  /**
   * Rejects the requests of the former user: they must not be carried out in the name of the
   * present one.
   */
  #identityChanged(userId: string | undefined): void {
    this.#outbox?.release(userId)
    const message = 'It was not sent: another user is signed in now.'
    this.requests.rejectAll(new WirefoldError('identity-changed', message, { userId }))
  }

  /**
   * Logs an event without a subscription: a late event of a channel that was left, or a wrong
   * channel name in the application.
   */
  #unsubscribed({ channel, type }: EventFrame): void {
    this.#options.logger()?.(
      'channels',
      `no subscription to ${loggable(channel)}: ${loggable(type)} dropped`,
    )
  }

  #notice(notice: NoticeFrame): void {
    if (notice.level === 'ignored') {
      this.events.emit('notice', notice)
      return
    }
    this.malformed++
    const { wire } = notice
    // Bytes would become a text many times as long.
    const start = wire instanceof Uint8Array ? [...wire.subarray(0, 80)] : wire
    const text = String(JSON.stringify(start))
    this.report(badFrame(notice.reason, text, ` by ${this.dialect.name}`))
  }
}
