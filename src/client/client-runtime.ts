import type { Emitter } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import type { Refusal } from '../base/errors.ts'
import { refusalError, WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import { loggable } from '../base/logger.ts'
import { printError } from '../base/report.ts'
import { Connection } from '../connection/connection.ts'
import type { ConnectionHandlers } from '../connection/connection-port.ts'
import { CredentialsSource } from '../connection/credentials.ts'
import { Latency } from '../connection/latency.ts'
import type { Link } from '../connection/link.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ClientOutbox } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { CloseInfo } from '../ports/transport.ts'
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
import type { ResolvedClientOptions } from './options.ts'
import { createOutboxHost } from './outbox-host.ts'

/** What lies behind a client: builds the parts and passes frames and intents between them. */
export class ClientRuntime implements ConnectionHandlers {
  readonly events: Emitter<ClientEvents>
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly latency = new Latency()
  readonly extensions = new Extensions()
  /** The port for the wings. */
  readonly port: ClientPort
  readonly #options: ResolvedClientOptions
  readonly #renewal: CredentialsRenewal
  readonly #kept: ClientOutbox | undefined
  // Drawn when it is needed: some runtimes forbid chance while modules are loaded.
  readonly #clientId = lazy(randomId)
  #senderId = lazy(randomId)
  #userId: string | undefined
  #dedupeMs: number | undefined
  #eventCount = 0

  constructor(url: string, options: ResolvedClientOptions) {
    this.#options = options
    const report = (error: unknown): void => this.report(error)
    this.events = createEmitter((error, event) => {
      // A listener of `error` that throws must not be told of it again and again.
      if (event === 'error') printError(error)
      else this.report(error)
    })
    this.#kept = options.outbox.storage?.keep(
      createOutboxHost({
        ...{ options, report, events: this.events },
        isOpen: () => this.connection.state.get().name === 'open',
        send: (request, how) => this.#sendNow(request, how),
        identified: ({ senderId, userId }) => {
          this.#senderId = () => senderId
          this.#userId = userId
        },
      }),
    )
    const credentialsSource = new CredentialsSource(options.auth, this.#kept)
    this.connection = new Connection({ ...options, url, credentialsSource, report }, this)
    this.requests = new PendingRequests({
      ...options,
      report,
      say: (request, ticket) => this.connection.link?.say(request, ticket) ?? this.#wordless(),
      dialect: () => this.connection.dialect,
      link: () => this.connection.link,
      answered: (leftAt) => this.connection.link?.heartbeat?.answered(leftAt),
    })
    const { connection, requests, extensions } = this
    this.port = createClientPort({ options, connection, requests, extensions, report })
    const socket = (): unknown => connection.link
    this.#renewal = new CredentialsRenewal({
      credentialsSource,
      port: this.port,
      clock: options.clock,
      socket,
    })
    this.connection.state.listen(({ name }) => options.logger()?.('connection', name))
  }

  /** Asks a question, and connects if nobody has yet. */
  ask(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    this.#options.logger()?.('requests', loggable(nameOf(request)))
    const answer = this.#kept?.send(request, options) ?? this.#sendNow(request, options)
    this.connection.input({ name: 'needed' })
    return answer
  }

  #sendNow(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const error = this.finalError()
    return error ? Promise.reject(error) : this.requests.send(request, options)
  }

  /** Who we are, by the last welcome. */
  get userId(): string | undefined {
    return this.#userId
  }

  /** Why nothing can be asked, where the client has ended. */
  finalError(): WirefoldError | undefined {
    const state = this.connection.state.get()
    if (state.name === 'failed') return state.error
    if (state.name !== 'closed') return undefined
    return new WirefoldError('closed', 'The client is closed. Call connect() to open it again.', {})
  }

  /** A new id for an event of ours. */
  eventId(): string {
    return `${this.#clientId()}:${(++this.#eventCount).toString(36)}`
  }

  /** Whether an event is one of ours. */
  isOwn({ id }: EventFrame): boolean {
    return id?.startsWith(`${this.#clientId()}:`) ?? false
  }

  /** Takes a failure that has no better destination. */
  report(error: unknown): void {
    this.#options.logger()?.('errors', loggable(String(error)))
    if (this.events.listens('error')) this.events.emit('error', error)
    else printError(error)
  }

  greet(link: Link): boolean {
    const greeting = link.say({
      kind: 'hello',
      timestamp: this.#options.clock.wall(),
      clientId: this.#clientId(),
      senderId: this.#senderId(),
      token: link.credentials.token,
      expectUser: this.#userId,
    })
    return greeting !== undefined
  }

  opening(): void {
    this.extensions.opening()
    this.requests.opening()
  }

  welcomed(frame: WelcomeFrame | undefined): void {
    this.#greeted(frame)
    this.requests.resume(this.#dedupeMs)
    this.events.emit('opened', frame)
  }

  moved(frame: WelcomeFrame | undefined): void {
    this.#greeted(frame)
    this.requests.controls.forget()
    this.extensions.disconnected()
    this.opening()
    this.requests.resume(this.#dedupeMs)
  }

  isAwaited(link: Link): boolean {
    return this.requests.awaits(link)
  }

  drained(link: Link): void {
    this.requests.disconnected(link)
    this.requests.resume(this.#dedupeMs)
  }

  #greeted(frame: WelcomeFrame | undefined): void {
    const userId = frame?.userId
    if (this.#userId !== undefined && userId !== this.#userId) this.#identityChanged(userId)
    this.#userId = userId
    this.#dedupeMs = frame?.limits.dedupeMs
    this.#kept?.greeted(userId)
  }

  frame(frame: Frame): void {
    switch (frame.kind) {
      case 'event':
        this.latency.event(frame, this.#options.clock)
        if (!this.extensions.receive(frame)) this.#unwanted(frame)
        return
      case 'unsubscribed':
        this.extensions.receive(frame)
        return
      case 'reply':
      case 'subscribed':
        // One that nobody waits for any more came too late, which was told when it was given up.
        this.requests.settle(frame)
        return
      case 'refusal':
        if (frame.to.length > 0) this.requests.settle(frame)
        else this.#refused(frame.error)
        return
      case 'ping':
        this.connection.link?.pong(frame.timestamp)
        return
      case 'pong':
        this.#pong(frame)
        return
      case 'expiring':
        void this.#renewal.run()
        return
      case 'notice':
        this.#notice(frame)
        return
      case 'welcome':
      case 'goaway':
        return
    }
  }

  disconnected(close: CloseInfo): void {
    this.#options.logger()?.('connection', `lost: ${close.code} ${loggable(close.reason)}`)
    this.requests.disconnected(undefined, close.code)
    this.extensions.disconnected()
    this.events.emit('dropped', close)
  }

  ended(error: WirefoldError): void {
    this.#kept?.release(this.#userId)
    this.requests.rejectAll(error)
    this.requests.disconnected()
    this.extensions.ended(error)
    if (error.code === 'closed') this.events.emit('closed', error)
    else if (this.events.listens('failed')) this.events.emit('failed', error)
    else this.report(error)
  }

  unansweredSince(since: number | undefined): number | undefined {
    return this.requests.unansweredSince(since)
  }

  /** No line is not the same as no word for it. */
  #wordless(): undefined | false {
    return this.connection.link ? undefined : false
  }

  #refused(refusal: Refusal): void {
    // Once per greeting: it answers what we said of who we are, and afterwards we say nothing of it.
    if (refusal.code === 'identity-changed' && this.#userId !== undefined) {
      // The server has dropped what came with the greeting: it is said anew, as nobody's.
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
    this.report(error)
    // Our greeting did not arrive as we said it: no welcome will come.
    if (refusal.code === 'bad-frame') this.connection.giveUpGreeting()
  }

  /** What the former user asked for is not done in the name of the present one. */
  #identityChanged(userId: string | undefined): void {
    this.#kept?.release(userId)
    const message = 'Somebody else is signed in now; what was asked before is not carried out.'
    this.requests.rejectAll(new WirefoldError('identity-changed', message, { userId }))
  }

  #pong(frame: PongFrame): void {
    this.extensions.receive(frame)
    const roundTripMs = this.connection.link?.heartbeat?.pong(frame)
    if (roundTripMs === undefined) return
    this.latency.pong(frame, roundTripMs, this.#options.clock.wall())
  }

  /** Late events of a channel that was left look like this, and so does a name with a slip in it. */
  #unwanted({ channel, type }: EventFrame): void {
    this.#options.logger()?.(
      'channels',
      `nobody has subscribed to ${loggable(channel)}: ${loggable(type)} lost`,
    )
  }

  #notice(notice: NoticeFrame): void {
    if (notice.level === 'ignored') {
      this.events.emit('notice', notice)
      return
    }
    const sample = sampleOf(String(JSON.stringify(notice.wire)))
    const message = `A message is not of the protocol ${this.connection.dialect.name}: ${notice.reason}.`
    this.report(new WirefoldError('bad-frame', message, { reason: notice.reason, sample }))
  }
}
