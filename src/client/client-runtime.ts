import { ElapsedClock } from '../base/elapsed-clock.ts'
import type { Emitter } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import type { Refusal } from '../base/errors.ts'
import { messageOf, refusalError, WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import { loggable } from '../base/logger.ts'
import { printError } from '../base/report.ts'
import { followedStore } from '../base/store.ts'
import { Connection, closedError } from '../connection/connection.ts'
import type { ConnectionHandlers } from '../connection/connection-port.ts'
import { CredentialsSource } from '../connection/credentials.ts'
import { Latency } from '../connection/latency.ts'
import type { Link } from '../connection/link.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ClientOutbox, RestoredMutation } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import { sampleOf } from '../protocol/fields.ts'
import type {
  EventFrame,
  Frame,
  NoticeFrame,
  PongFrame,
  ReplyFrame,
  WelcomeFrame,
} from '../protocol/frame.ts'
import { PendingRequests } from '../requests/pending-requests.ts'
import type { ClientEvents } from './client-events.ts'
import { createClientPort } from './client-port.ts'
import { CredentialsRenewal } from './credentials-renewal.ts'
import { Extensions } from './extensions.ts'
import type { Opening } from './opening.ts'
import { opening } from './opening.ts'
import type { ResolvedClientOptions } from './options.ts'
import { createOutboxHost } from './outbox-host.ts'

/** The inside of a client: builds its parts, and passes frames and intents between them. */
export class ClientRuntime implements ConnectionHandlers {
  readonly events: Emitter<ClientEvents>
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly latency = new Latency()
  readonly extensions = new Extensions()
  /** Number of malformed messages. */
  malformed = 0
  /** The tag of the last welcome, or empty. */
  eventTag = ''
  /** The port for extensions. */
  readonly port: ClientPort
  readonly #options: ResolvedClientOptions
  readonly #renewal: CredentialsRenewal
  readonly #outbox: ClientOutbox | undefined
  // Created on first use: some runtimes forbid random values while modules are loaded.
  readonly #clientId = lazy(randomId)
  #senderId = lazy(randomId)
  #userId: string | undefined
  #eventCount = 0
  #opening: Opening | undefined

  constructor(url: string, options: ResolvedClientOptions) {
    this.#options = options
    const elapsed = new ElapsedClock(options.clock)
    const report = (error: unknown): void => this.report(error)
    const serverTime = (): number | undefined => this.requests.serverTime
    this.events = createEmitter((error, event) => {
      // An `error` listener that throws must not be called with its own error.
      if (event === 'error') printError(error)
      else this.report(error)
    })
    const restored = followedStore<readonly RestoredMutation[]>([], report)
    this.#outbox = options.outbox.storage?.keep(
      createOutboxHost({
        ...{ options, elapsed, report, serverTime, events: this.events, shown: restored },
        isOpen: () => this.connection.state.get().name === 'open',
        send: (request, how) => this.#sendNow(request, how),
        identified: ({ senderId, userId }) => {
          this.#senderId = () => senderId
          this.#userId = userId
        },
      }),
    )
    const credentialsSource = new CredentialsSource(options.auth, this.#outbox)
    this.connection = new Connection(
      {
        ...{ ...options, url, credentialsSource, report, serverTime },
        unansweredSince: (since) => this.requests.unansweredSince(since),
      },
      this,
    )
    this.requests = new PendingRequests({
      ...options,
      elapsed,
      report,
      dialect: () => this.connection.dialect,
      link: () => this.connection.link,
      answered: (leftAt) => this.connection.link?.heartbeat?.answered(leftAt),
    })
    const { connection, requests, extensions } = this
    this.port = createClientPort({ options, connection, requests, extensions, restored, report })
    const { port } = this
    const socket = (): unknown => connection.link
    this.#renewal = new CredentialsRenewal({ credentialsSource, port, socket })
    this.connection.state.listen(({ name }) => options.logger()?.('connection', name))
  }

  /** Connects now; settles with the first state that is open or final. */
  connect(): Promise<void> {
    const awaited = this.#opening ?? opening()
    if (this.connection.state.get().name === 'open') awaited.resolve()
    else this.#opening = awaited
    this.connection.input({ name: 'connect' })
    return awaited.promise
  }

  /** Sends a request, and connects if there is no connection. */
  ask(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    this.#options.logger()?.('requests', loggable(nameOf(request)))
    const reply = this.#outbox?.send(request, options) ?? this.#sendNow(request, options)
    const { volatile, timeoutMs, ttlMs } = options
    const waitsMs = volatile ? 0 : Math.min(timeoutMs, ttlMs)
    this.connection.needed(this.#options.clock.now() + waitsMs)
    return reply
  }

  #sendNow(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const error = this.finalError()
    return error ? Promise.reject(error) : this.requests.send(request, options)
  }

  /** Our user id, by the last welcome. */
  get userId(): string | undefined {
    return this.#userId
  }

  /** Returns the reason why requests are rejected, if the client has ended. */
  finalError(): WirefoldError | undefined {
    const state = this.connection.state.get()
    if (state.name === 'failed') return state.error
    return state.name === 'closed' ? closedError() : undefined
  }

  /** Returns a new id for an event of this client. */
  eventId(): string {
    return `${this.#clientId()}:${(++this.#eventCount).toString(36)}`
  }

  /** Whether an event has an id of this client. */
  isOwn({ id }: EventFrame): boolean {
    return id?.startsWith(`${this.eventTag}${this.#clientId()}:`) ?? false
  }

  /** Reports an error that no caller receives. */
  report(error: unknown): void {
    this.#log(error)
    if (this.events.listens('error')) this.events.emit('error', error)
    else printError(error)
  }

  #log(error: unknown): void {
    this.#options.logger()?.('errors', loggable(String(error)))
  }

  greet(link: Link): readonly Outgoing[] | undefined {
    return link.say({
      kind: 'hello',
      timestamp: this.#options.clock.wall(),
      clientId: this.#clientId(),
      senderId: this.#senderId(),
      token: link.credentials.token,
      expectUser: this.#userId,
    })
  }

  opening(): void {
    this.extensions.opening()
    this.requests.opening()
  }

  welcomed(frame: WelcomeFrame | undefined): void {
    this.#opening?.resolve()
    this.#opening = undefined
    this.#greeted(frame)
    this.requests.resume()
    this.events.emit('opened', frame)
  }

  moved(frame: WelcomeFrame | undefined): void {
    this.#greeted(frame)
    this.requests.controls.forget()
    this.extensions.disconnected()
    this.opening()
    this.requests.resume()
  }

  isAwaited(link: Link): boolean {
    return this.requests.awaits(link)
  }

  drained(link: Link): void {
    this.requests.disconnected(link)
    this.requests.resume()
  }

  #greeted(frame: WelcomeFrame | undefined): void {
    const userId = frame?.userId
    if (this.#userId !== undefined && userId !== this.#userId) this.#identityChanged(userId)
    this.#userId = userId
    this.eventTag = frame?.tag ?? ''
    this.requests.welcomed(frame)
    this.#outbox?.greeted(userId)
  }

  frame(frame: Frame): void {
    switch (frame.kind) {
      case 'event':
        this.latency.event(frame, this.#options.clock)
        if (!this.extensions.receive(frame)) this.#unsubscribed(frame)
        break
      case 'unsubscribed':
        this.extensions.receive(frame)
        break
      case 'refusal':
        if (frame.to.length > 0) this.requests.settle(frame)
        else this.#refused(frame.error)
        break
      case 'reply':
      case 'subscribed':
        // A reply that is no longer awaited came after the timeout of its request, which was
        // reported.
        this.requests.settle(frame)
        break
      case 'ping':
        this.connection.link?.pong(frame.timestamp)
        break
      case 'pong':
        this.#pong(frame)
        break
      case 'expiring':
        void this.#renewal.run()
        break
      case 'notice':
        this.#notice(frame)
        break
    }
  }

  disconnected(close: CloseInfo): void {
    this.#options.logger()?.(
      'connection',
      `lost: ${close.code} ${loggable(close.reason || messageOf(close.cause))}`,
    )
    this.requests.disconnected(undefined, close.code)
    this.connection.needed(this.requests.nearestDeadline())
    this.extensions.disconnected()
    this.events.emit('dropped', close)
  }

  ended(error: WirefoldError): void {
    const opening = this.#opening
    this.#opening = undefined
    opening?.reject(error)
    this.#outbox?.release(this.#userId)
    // The caller of a stored request may be gone with an earlier page.
    const isRequested = this.requests.rejectAll(error) && !this.#outbox
    this.requests.disconnected()
    const isAwaited = this.extensions.ended(error) || isRequested
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

  #refused(refusal: Refusal): void {
    // Once per greeting: it refuses the user id that the greeting expected, and from then on we
    // expect none.
    if (refusal.code === 'identity-changed' && this.#userId !== undefined) {
      // The server has dropped the messages sent with the greeting: send them again, without a
      // user.
      this.#identityChanged(undefined)
      this.#userId = undefined
      this.requests.disconnected()
      this.extensions.forget()
      this.extensions.disconnected()
      this.extensions.opening()
      return
    }
    const error = refusalError(refusal.channel ?? 'the connection', refusal)
    if (refusal.channel === undefined) this.connection.refused(error)
    else this.report(error)
    // The server could not read the greeting, so no welcome will arrive.
    if (refusal.code === 'bad-frame') this.connection.giveUpGreeting()
  }

  /**
   * Rejects the requests of the former user: they must not be carried out in the name of the
   * present one.
   */
  #identityChanged(userId: string | undefined): void {
    this.#outbox?.release(userId)
    const message =
      'Another user is signed in now. Requests of the former user are not carried out.'
    this.requests.rejectAll(new WirefoldError('identity-changed', message, { userId }))
  }

  #pong(frame: PongFrame): void {
    this.extensions.receive(frame)
    if (frame.serverTime !== undefined) this.requests.readServerTime(frame.serverTime)
    const roundTripMs = this.connection.link?.heartbeat?.pong(frame)
    if (roundTripMs === undefined) return
    this.latency.pong(frame, roundTripMs, this.#options.clock.wall())
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
    const sample = sampleOf(String(JSON.stringify(notice.wire)))
    const message = `A message does not follow the protocol ${this.connection.dialect.name}: ${notice.reason}.`
    this.report(new WirefoldError('bad-frame', message, { reason: notice.reason, sample }))
  }
}
