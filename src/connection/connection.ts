import { backoffDefaults } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import { isWirefoldError, messageOf, WirefoldError } from '../base/errors.ts'
import type { Readable, Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { Dialect } from '../protocol/dialect.ts'
import type { Frame, WelcomeFrame } from '../protocol/frame.ts'
import { ConnectDeadline } from './connect-deadline.ts'
import type { ConnectionDeps, ConnectionHandlers } from './connection-port.ts'
import type { ConnectionCommand, ConnectionInput, ConnectionRules } from './connection-state.ts'
import { transition } from './connection-state.ts'
import type { EnvironmentEvent } from './environment.ts'
import { Handoff } from './handoff.ts'
import { latestRetry } from './latest-retry.ts'
import type { LinkHandlers } from './link.ts'
import { Link } from './link.ts'

/** The most that an attempt is put off when the network is back, in milliseconds: not all at once. */
const WAKE_SPREAD_MS = 500

/** The shell of connection-state.ts: owns the socket and the timers, and decides nothing. */
export class Connection {
  /** How many sockets were welcomed so far. */
  opens = 0
  readonly #deps: ConnectionDeps
  readonly #handlers: ConnectionHandlers
  readonly #heard: LinkHandlers
  readonly #rules: ConnectionRules
  readonly #handoff: Handoff
  readonly #connectDeadline: ConnectDeadline
  readonly #patience = { times: 1 }
  readonly #state: Writable<ConnectionState>
  readonly #template: Dialect
  readonly #inputs: ConnectionInput[] = []
  #running = false
  #link: Link | undefined
  #speaking = false
  /** Whether the platform reported no network when the present socket was dialled. */
  #blind = false
  /** Whether a greeting was sent: its welcome then shows that the credentials are accepted. */
  #greets = false
  #refusal: WirefoldError | undefined
  #cancelWait: Cancel | undefined
  #unfollow: (() => void) | undefined

  constructor(deps: ConnectionDeps, handlers: ConnectionHandlers) {
    this.#deps = deps
    this.#handlers = handlers
    this.#template = deps.dialect()
    this.#state = followedStore<ConnectionState>(Object.freeze({ name: 'idle' }), deps.report)
    this.#heard = {
      authorized: (link) => {
        if (link === this.#link) this.input({ name: 'authorized' })
      },
      opened: (link) => this.#opened(link),
      frame: (frame, link) => this.#frame(frame, link),
      // The error with which the connection has failed carries the error of the last attempt.
      failed: (error) => {
        if (this.#state.get().name !== 'failed') deps.report(error)
      },
      closed: (info, link) => this.#closed(info, link),
      refused: (error, link) => {
        if (link === this.#link) this.input({ name: 'refused', error })
        else this.#handoff.closed(link)
      },
      dead: (reason, link) => this.#lost(reason, link),
    }
    this.#handoff = new Handoff({
      ...deps,
      newLink: () => this.#newLink(),
      move: (link, frame) => this.#moved(link, frame),
      handlers,
    })
    this.#rules = {
      backoff: { ...backoffDefaults, ...this.#template.presets.backoff, ...deps.backoff },
      minUptimeMs: deps.minUptimeMs,
      fatalCloseCodes: this.#template.fatalCloseCodes,
      authorizes: deps.credentialsSource.present,
    }
    const { maxAttempts } = this.#rules.backoff
    this.#connectDeadline = new ConnectDeadline(deps.connectTimeoutMs, maxAttempts)
  }

  /** Whether there is a connection; follow it to show it. */
  get state(): Readable<ConnectionState> {
    return this.#state
  }

  /** The dialect of the present socket, or one like it. */
  get dialect(): Dialect {
    return this.#link?.dialect ?? this.#template
  }

  /** The present socket, once it can carry words. */
  get link(): Link | undefined {
    return this.#speaking ? this.#link : undefined
  }

  /**
   * The server refused the connection as a whole: the reason for the close that follows. Reports it
   * where the connection is open, since no close may follow.
   */
  refused(error: WirefoldError): void {
    this.#refusal = error
    if (this.#state.get().name === 'open') this.#deps.report(error)
  }

  /** No welcome will come on the present socket. */
  giveUpGreeting(): void {
    if (this.#link && this.#state.get().name === 'connecting') {
      this.#lost('the greeting was not understood', this.#link)
    }
  }

  /** A request needs a connection, and its reply by `deadline`. */
  needed(deadline: number): void {
    const { clock, random } = this.#deps
    this.input({ name: 'needed', retryAt: latestRetry(clock.now(), deadline, random()) })
  }

  /**
   * Feeds an input to the state machine and carries out what it commands.
   *
   * An input that arrives meanwhile, from somebody who follows the state, waits its turn.
   */
  input(input: ConnectionInput): void {
    this.#inputs.push(input)
    if (this.#running) return
    this.#running = true
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#step(next)
    this.#running = false
  }

  #step(input: ConnectionInput): void {
    const before = this.#state.get()
    const [after, commands] = transition(before, input, this.#rules)
    if (after === before) return
    this.#state.set(Object.freeze(after))
    for (const command of commands) this.#carryOut(command)
    if (after.name === 'failed') this.#ended(after.error)
    if (after.name === 'closed') this.#ended(closedError())
    // The page took the socket away: to everybody above it is a loss like any other.
    if (input.name === 'hide' && after.name === 'offline') this.#handlers.disconnected(after.reason)
  }

  #ended(error: WirefoldError): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#handlers.ended(error)
  }

  #carryOut(command: ConnectionCommand): void {
    switch (command) {
      case 'dial':
        this.#dial()
        break
      case 'hangup':
        this.#hangup()
        break
      case 'wait':
        this.#wait()
        break
      case 'cancel-wait':
        this.#cancelWait?.()
        break
    }
  }

  #dial(): void {
    this.#unfollow ??= this.#deps.environment.follow((event) => this.#around(event))
    this.#refusal = undefined
    this.#blind = !this.#deps.environment.online
    const state = this.#state.get()
    this.#link = this.#newLink()
    this.#link.connect(state.name === 'connecting' && state.denied)
  }

  #newLink(): Link {
    return new Link({
      ...this.#deps,
      dialect: this.#deps.dialect(),
      connectDeadline: this.#connectDeadline,
      patience: this.#patience,
      handlers: this.#heard,
    })
  }

  #hangup(): void {
    const link = this.#link
    this.#letGo()
    link?.drop(1000, '')
  }

  /** The socket is no longer ours, whatever becomes of it. */
  #letGo(): void {
    this.#link = undefined
    this.#speaking = false
    this.#handoff.stop()
  }

  /** The peer is gone without a word: forget the socket first, and close it in passing. */
  #lost(reason: string, link: Link): void {
    this.#closed({ code: 1006, reason }, link)
    link.drop()
  }

  #wait(): void {
    const state = this.#state.get()
    if (!('retryAt' in state) || state.retryAt === undefined) return
    const { clock } = this.#deps
    this.#cancelWait = clock.after(state.retryAt - clock.now(), () => this.input({ name: 'due' }))
  }

  #opened(link: Link): void {
    if (link !== this.#link) {
      this.#handoff.opened(link)
      return
    }
    this.#speaking = true
    this.input({ name: 'opened' })
    // Whoever follows the state may have closed us just now.
    if (link !== this.#link) return
    let greeting: readonly unknown[] | undefined
    try {
      greeting = this.#handlers.greet(link)
      this.#handlers.opening()
    } catch (cause) {
      this.input({ name: 'refused', error: noGreeting(cause) })
      return
    }
    this.#greets = greeting !== undefined && greeting.length > 0
    if (greeting) link.greet()
    else this.#welcomed(undefined, link)
  }

  #frame(frame: Frame, link: Link): void {
    // One that was replaced tells no events, so that none of an old socket follows the new one's.
    if (link !== this.#link) this.#handoff.frame(frame, link)
    else if (frame.kind === 'welcome') this.#welcomed(frame, link)
    else if (frame.kind === 'goaway') {
      // Before the welcome there is nothing to move: this attempt ends as any other.
      if (this.#state.get().name === 'open') this.#handoff.plan(frame)
    } else this.#handlers.frame(frame)
  }

  #welcomed(frame: WelcomeFrame | undefined, link: Link): void {
    if (this.#state.get().name !== 'connecting') return
    this.opens++
    // A refusal that a welcome follows was not that of the connection.
    if (this.#refusal) this.#deps.report(this.#refusal)
    this.#refusal = undefined
    link.welcomed(frame)
    this.input({ name: 'welcomed', now: this.#deps.clock.now(), judged: this.#greets })
    if (link === this.#link) this.#handlers.welcomed(frame)
  }

  #moved(link: Link, frame: WelcomeFrame | undefined): Link | undefined {
    const before = this.#link
    this.#link = link
    link.welcomed(frame)
    this.#handlers.moved(frame)
    return before
  }

  #around(event: EnvironmentEvent): void {
    const { clock, random } = this.#deps
    if (event === 'show') this.input({ name: 'online', retryAt: clock.now(), redial: false })
    else if (event === 'offline' || event === 'hide') this.input({ name: event })
    else {
      this.#link?.heartbeat?.wake()
      // What timed out was another network, or this one at another time.
      if (this.#connectDeadline.reset()) this.#link?.hurry()
      const redial = this.#blind && !this.#speaking
      this.input({ name: event, retryAt: clock.now() + random() * WAKE_SPREAD_MS, redial })
    }
  }

  #closed(info: CloseInfo, link: Link): void {
    if (link !== this.#link) {
      this.#handoff.closed(link)
      return
    }
    this.#letGo()
    const close = this.#refusal ? { ...info, cause: this.#refusal } : info
    const { clock, random, environment } = this.#deps
    const { online } = environment
    this.input({ name: 'dropped', now: clock.now(), online, random: random(), close })
    this.#handlers.disconnected(close)
  }
}

/** Returns the error for what needs a client that is closed. */
export function closedError(): WirefoldError {
  const message = 'The client was closed. Call connect() to open it again.'
  return new WirefoldError('closed', message, {})
}

function noGreeting(cause: unknown): WirefoldError {
  if (isWirefoldError(cause)) return cause
  const reason = messageOf(cause)
  const message = `The greeting could not be sent: ${reason}`
  return new WirefoldError('failed', message, { reason }, { cause })
}
