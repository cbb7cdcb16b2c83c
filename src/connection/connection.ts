import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDefaults } from '../base/backoff.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { isWirefoldError, WirefoldError } from '../base/errors.ts'
import type { Readable, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { Codec } from '../wire/codec.ts'
import type { Dialect, DialectFactory } from '../wire/dialect.ts'
import type { Frame, WelcomeFrame } from '../wire/frame.ts'
import type { CloseInfo, TransportFactory } from '../wire/transport.ts'
import type {
  ConnectionCommand,
  ConnectionInput,
  ConnectionRules,
  ConnectionState,
} from './connection-state.ts'
import { transition } from './connection-state.ts'
import { Link } from './link.ts'

/** What a connection is made of. */
export interface ConnectionParts {
  readonly url: string
  readonly transport: TransportFactory
  readonly codec: Codec
  readonly dialect: DialectFactory
  readonly clock: Clock
  readonly backoff: Partial<BackoffOptions>
  readonly minUptimeMs: number
  /** From the dial to the welcome. */
  readonly connectTimeoutMs: number
  /** A number in [0, 1). */
  readonly random: () => number
  /** Receives what a follower of the state threw. */
  readonly report: (error: unknown) => void
}

/** What a connection tells. */
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
  /** A message could not be read. */
  unreadable(error: unknown): void
  /** The socket is gone; the state tells what comes next. */
  cut(close: CloseInfo): void
  /** It will not come back by itself: closed by us, or failed. */
  ended(error: WirefoldError): void
}

/** The shell of connection-state.ts: owns the socket and the timers, and decides nothing. */
export class Connection {
  readonly #parts: ConnectionParts
  readonly #handlers: ConnectionHandlers
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

  constructor(parts: ConnectionParts, handlers: ConnectionHandlers) {
    this.#parts = parts
    this.#handlers = handlers
    this.#template = parts.dialect()
    this.#state = createStore<ConnectionState>({ name: 'idle' }, { onError: parts.report })
    this.#rules = {
      backoff: { ...backoffDefaults, ...this.#template.presets.backoff, ...parts.backoff },
      minUptimeMs: parts.minUptimeMs,
      fatalCloseCodes: this.#template.fatalCloseCodes,
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
    if (after.name === 'failed') this.#handlers.ended(after.error)
    if (after.name === 'closed') {
      this.#handlers.ended(
        new WirefoldError('closed', 'The client was closed. Call connect() to open it again.', {}),
      )
    }
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
    const { transport, codec, dialect, url, clock, connectTimeoutMs } = this.#parts
    this.#refusal = undefined
    const link = new Link(dialect(), codec, {
      opened: (opened) => this.#opened(opened),
      frame: (frame, from) => this.#frame(frame, from),
      unreadable: (error) => this.#handlers.unreadable(error),
      closed: (info, from) => this.#closed(info, from),
    })
    this.#link = link
    this.#cancelTimeout = clock.after(connectTimeoutMs, () => {
      link.drop()
      this.#closed({ code: 1006, reason: `no welcome in ${connectTimeoutMs} ms` }, link)
    })
    try {
      link.open(transport, link.dialect.url(url, {}))
    } catch (cause) {
      this.#letGo()
      const error = isWirefoldError(cause)
        ? cause
        : new WirefoldError(
            'bad-url',
            `The transport ${transport.name} could not open ${url}.`,
            { url },
            { cause },
          )
      this.input({ name: 'refused', error })
    }
  }

  #hangup(): void {
    const link = this.#link
    this.#letGo()
    link?.drop(1000, '')
  }

  #letGo(): void {
    this.#cancelTimeout?.()
    this.#link = undefined
    this.#speaking = false
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
    link.welcomed(frame?.limits.frameBytes)
    this.input({ name: 'welcomed', now: this.#parts.clock.now() })
    this.#handlers.welcomed(frame)
  }

  #closed(info: CloseInfo, link: Link): void {
    if (link !== this.#link) return
    this.#letGo()
    const close = this.#refusal ? { ...info, cause: this.#refusal } : info
    this.input({
      name: 'dropped',
      now: this.#parts.clock.now(),
      online: true,
      random: this.#parts.random(),
      close,
    })
    this.#handlers.cut(close)
  }
}
