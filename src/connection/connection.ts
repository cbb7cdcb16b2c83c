import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDefaults } from '../base/backoff.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { isWirefoldError, WirefoldError } from '../base/errors.ts'
import type { Readable, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { Codec } from '../wire/codec.ts'
import type { Credentials, Dialect, DialectFactory } from '../wire/dialect.ts'
import type { Frame, WelcomeFrame } from '../wire/frame.ts'
import type { CloseInfo, TransportFactory } from '../wire/transport.ts'
import type { Authority } from './authority.ts'
import type {
  ConnectionCommand,
  ConnectionInput,
  ConnectionRules,
  ConnectionState,
} from './connection-state.ts'
import { transition } from './connection-state.ts'
import type { Environment, EnvironmentEvent } from './environment.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { LinkHandlers } from './link.ts'
import { Link } from './link.ts'

/** What a connection is made of. */
export interface ConnectionParts {
  readonly url: string
  readonly transport: TransportFactory
  readonly codec: Codec
  readonly dialect: DialectFactory
  readonly clock: Clock
  readonly environment: Environment
  readonly authority: Authority
  readonly backoff: Partial<BackoffOptions>
  readonly heartbeat: HeartbeatOptions | false
  readonly minUptimeMs: number
  /** From the dial to the welcome. */
  readonly connectTimeoutMs: number
  /** A number in [0, 1). */
  readonly random: () => number
  /** Receives what has no better destination. */
  readonly report: (error: unknown) => void
}

/** What a connection tells, and asks. */
export interface ConnectionHandlers {
  /**
   * A socket opened: what is said on the link now travels with the greeting.
   *
   * @returns whether a welcome will come
   */
  opening(link: Link): boolean
  /** It is open; the frame is missing where the backend greets nobody. */
  welcomed(frame: WelcomeFrame | undefined): void
  /** Any frame but the welcome. */
  frame(frame: Frame): void
  /** The socket is gone; the state tells what comes next. */
  cut(close: CloseInfo): void
  /** It will not come back by itself: closed by us, or failed. */
  ended(error: WirefoldError): void
  /** When the first thing was said, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined
}

/** The most that an attempt is put off when the network is back, in milliseconds: not all at once. */
const WAKE_SPREAD_MS = 500

/** The shell of connection-state.ts: owns the socket and the timers, and decides nothing. */
export class Connection {
  /** How many sockets were welcomed so far. */
  opens = 0
  readonly #parts: ConnectionParts
  readonly #handlers: ConnectionHandlers
  readonly #heard: LinkHandlers
  readonly #rules: ConnectionRules
  readonly #state: Writable<ConnectionState>
  readonly #template: Dialect
  readonly #inputs: ConnectionInput[] = []
  #running = false
  #link: Link | undefined
  #speaking = false
  #refusal: WirefoldError | undefined
  #cancelWait: Cancel | undefined
  #cancelTimeout: Cancel | undefined
  #unfollow: (() => void) | undefined

  constructor(parts: ConnectionParts, handlers: ConnectionHandlers) {
    this.#parts = parts
    this.#handlers = handlers
    this.#template = parts.dialect()
    this.#state = createStore<ConnectionState>({ name: 'idle' }, { onError: parts.report })
    this.#heard = {
      opened: (link) => this.#opened(link),
      frame: (frame, link) => this.#frame(frame, link),
      unreadable: (error) => parts.report(error),
      closed: (info, link) => this.#closed(info, link),
      dead: (link) => this.#lost('the peer gave no sign of life', link),
      unansweredSince: (since) => handlers.unansweredSince(since),
    }
    this.#rules = {
      backoff: { ...backoffDefaults, ...this.#template.presets.backoff, ...parts.backoff },
      minUptimeMs: parts.minUptimeMs,
      fatalCloseCodes: this.#template.fatalCloseCodes,
      authorizes: parts.authority.present,
    }
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

  /** The server refused the connection as a whole: the reason for the close that follows. */
  refused(error: WirefoldError): void {
    this.#refusal = error
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
    this.#state.set(after)
    for (const command of commands) this.#carryOut(command)
    if (after.name === 'failed') this.#ended(after.error)
    if (after.name === 'closed') {
      const message = 'The client was closed. Call connect() to open it again.'
      this.#ended(new WirefoldError('closed', message, {}))
    }
    // The page took the socket away: to everybody above it is a loss like any other.
    if (input.name === 'hide' && after.name === 'offline') this.#handlers.cut(after.reason)
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
    const { codec, dialect, clock, connectTimeoutMs, environment, heartbeat } = this.#parts
    this.#unfollow ??= environment.follow((event) => this.#around(event))
    this.#refusal = undefined
    const link = new Link({ dialect: dialect(), codec, clock, heartbeat, handlers: this.#heard })
    this.#link = link
    this.#cancelTimeout = clock.after(connectTimeoutMs, () => {
      this.#lost(`no welcome in ${connectTimeoutMs} ms`, link)
    })
    const state = this.#state.get()
    if (state.name === 'connecting' && state.phase === 'authorizing') {
      void this.#authorize(link, state.denied)
    } else this.#open(link, {})
  }

  async #authorize(link: Link, denied: boolean): Promise<void> {
    try {
      const credentials = await this.#parts.authority.ask(denied ? 'refused' : 'connect')
      if (link !== this.#link) return
      this.input({ name: 'authorized' })
      if (link === this.#link) this.#open(link, credentials)
    } catch (cause) {
      if (link !== this.#link) return
      this.#parts.report(cause)
      this.#closed({ code: 1006, reason: 'auth() failed', cause }, link)
    }
  }

  #open(link: Link, credentials: Credentials): void {
    const { transport, url } = this.#parts
    try {
      link.open(transport, url, credentials)
    } catch (cause) {
      const message = `The transport ${transport.name} could not open ${url}.`
      const error = isWirefoldError(cause)
        ? cause
        : new WirefoldError('bad-url', message, { url }, { cause })
      this.input({ name: 'refused', error })
    }
  }

  #hangup(): void {
    const link = this.#link
    this.#letGo()
    link?.drop(1000, '')
  }

  /** The socket is no longer ours, whatever becomes of it. */
  #letGo(): void {
    this.#cancelTimeout?.()
    this.#link = undefined
    this.#speaking = false
  }

  /** The peer is gone without a word: forget the socket first, and close it in passing. */
  #lost(reason: string, link: Link): void {
    this.#closed({ code: 1006, reason }, link)
    link.drop()
  }

  #wait(): void {
    const state = this.#state.get()
    if (state.name !== 'waiting') return
    const { clock } = this.#parts
    this.#cancelWait = clock.after(state.retryAt - clock.now(), () => this.input({ name: 'due' }))
  }

  #opened(link: Link): void {
    if (link !== this.#link) return
    this.#speaking = true
    this.input({ name: 'opened' })
    // Whoever follows the state may have closed us just now.
    if (link !== this.#link) return
    if (this.#handlers.opening(link)) link.greet()
    else this.#welcomed(undefined, link)
  }

  #frame(frame: Frame, link: Link): void {
    // One that was replaced is silent, so that no event of an old socket follows the new one's.
    if (link !== this.#link) return
    if (frame.kind === 'welcome') this.#welcomed(frame, link)
    else this.#handlers.frame(frame)
  }

  #welcomed(frame: WelcomeFrame | undefined, link: Link): void {
    if (this.#state.get().name !== 'connecting') return
    this.#cancelTimeout?.()
    this.opens++
    link.welcomed(frame)
    this.input({ name: 'welcomed', now: this.#parts.clock.now() })
    if (link === this.#link) this.#handlers.welcomed(frame)
  }

  #around(event: EnvironmentEvent): void {
    const { clock, random } = this.#parts
    const soon = (): number => clock.now() + random() * WAKE_SPREAD_MS
    switch (event) {
      case 'online':
      case 'wake':
        this.#link?.heartbeat?.wake()
        this.input({ name: event, retryAt: soon() })
        break
      case 'show':
        this.input({ name: 'online', retryAt: clock.now() })
        break
      case 'offline':
      case 'hide':
        this.input({ name: event })
        break
    }
  }

  #closed(info: CloseInfo, link: Link): void {
    if (link !== this.#link) return
    this.#letGo()
    const close = this.#refusal ? { ...info, cause: this.#refusal } : info
    const { clock, random, environment } = this.#parts
    const { online } = environment
    this.input({ name: 'dropped', now: clock.now(), online, random: random(), close })
    this.#handlers.cut(close)
  }
}
