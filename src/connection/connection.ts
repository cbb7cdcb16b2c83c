import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDefaults } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { Dialect } from '../protocol/dialect.ts'
import { createDialect } from '../protocol/dialect-error.ts'
import type { Frame, GoawayFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { ConnectionInput, ConnectionRules } from './connection-state.ts'
import { closedError, hasSocket, noGreeting, retryTime, transition } from './connection-state.ts'
import type { Environment, EnvironmentEvent } from './environment.ts'
import { latestRetry } from './latest-retry.ts'
import type { LinkDeps, LinkOwner } from './link.ts'
import { Link } from './link.ts'

/** The longest delay of an attempt once the network is back, in milliseconds: not all clients at once. */
const WAKE_SPREAD_MS = 500
/** Default time limit of an attempt, until one exceeds it, in milliseconds. */
export const WELCOME_MS = 10_000
/** The longest time limit of an attempt, in milliseconds. */
const LONGEST_WELCOME_MS = 80_000
/** The longest wait between two attempts to open the next link, in milliseconds. */
const NEXT_RETRY_MS = 1_000
/**
 * Time for which the client stays on a link that it has moved to, in milliseconds: servers that send
 * their clients to each other must not make them circle.
 */
const LEAST_STAY_MS = 5_000
/** Time in which the close follows the refusal of expired credentials, in milliseconds. */
const CLOSE_MS = 2_000
/** The close codes for "not authenticated" unless the dialect has its own; see `docs/protocol.md`. */
const NOT_AUTHENTICATED = [4401]

/**
 * The connection of a client: the shell of connection-state.ts, which owns the links and the timers.
 *
 * Handoff: before the server closes the present link, the next one is opened and welcomed while the
 * present one works. Then the client moves to it, and the former link stays only for the replies that
 * are awaited on it. There are never more than two.
 */
export class Connection implements LinkOwner {
  readonly deps: ConnectionDeps
  readonly state: Writable<ConnectionState>
  /** Number of connections opened. */
  opens = 0
  timeouts = 0
  patience = 1
  readonly #owner: ConnectionOwner
  readonly #rules: ConnectionRules
  readonly #template: Dialect
  readonly #inputs: ConnectionInput[] = []
  #running = false
  #link: Link | undefined
  #next: Link | undefined
  #draining: Link | undefined
  /** Whether the platform reported no network when the present link was dialled. */
  #blind = false
  #cancelWait: Cancel | undefined
  #cancelNext: Cancel | undefined
  #stayUntil = Number.NEGATIVE_INFINITY
  #unfollow: (() => void) | undefined

  constructor(deps: ConnectionDeps, owner: ConnectionOwner) {
    this.deps = deps
    this.#owner = owner
    this.#template = createDialect(deps.dialect)
    this.state = followedStore<ConnectionState>(Object.freeze({ name: 'idle' }), deps.report)
    this.#rules = {
      backoff: { ...backoffDefaults, ...this.#template.presets.backoff, ...deps.backoff },
      minUptimeMs: deps.minUptimeMs,
      fatalCloseCodes: this.#template.fatalCloseCodes,
      deniedCloseCodes: this.#template.deniedCloseCodes ?? NOT_AUTHENTICATED,
      retryAfter: this.#template.retryAfter,
      authorizes: deps.auth !== undefined,
    }
  }

  /** The dialect of the present link, or one like it. */
  get dialect(): Dialect {
    return this.#link?.dialect ?? this.#template
  }

  /** The present link, once messages can be sent on it. */
  get link(): Link | undefined {
    return this.#link?.isReady ? this.#link : undefined
  }

  /**
   * Time limit of the next attempt. Each attempt that exceeds it doubles it, up to 80 s: a server that
   * needs longer to welcome all its clients would otherwise spend its work on sockets that were given
   * up meanwhile. It does not grow where attempts are limited: those clients stop by themselves, and
   * the application waits for that.
   */
  get welcomeMs(): number {
    const { connectTimeoutMs = this.#template.presets.connectTimeoutMs ?? WELCOME_MS } = this.deps
    const isLimited = this.#rules.backoff.maxRetries < Number.POSITIVE_INFINITY
    const longestMs = Math.max(connectTimeoutMs, isLimited ? 0 : LONGEST_WELCOME_MS)
    return Math.min(connectTimeoutMs * 2 ** this.timeouts, longestMs)
  }

  /**
   * Stores the server's refusal of the connection: the reason for the close that follows. Reports it
   * if the connection is open, since no close may follow; expired credentials only where none does.
   */
  refuse(error: WirefoldError): void {
    const link = this.#link
    if (!link) return
    link.refusal = error
    const { deps } = this
    if (this.state.get().name === 'open') {
      if (error.code !== 'not-authenticated') deps.report(error)
      else deps.clock.after(CLOSE_MS, () => link.refusal && deps.report(error), 'background')
    }
    // The server could not read the greeting, so no welcome will arrive.
    else if (error.code === 'bad-frame') link.dead('the greeting was not understood')
  }

  /** Connects, or shortens a wait, for a request that needs its reply by `deadline`. */
  needed(deadline: number): void {
    const { clock, random } = this.deps
    this.input({ name: 'needed', retryAt: latestRetry(clock.now(), deadline, random()) })
  }

  /**
   * Feeds an input to the state machine. An input that arrives meanwhile, from a follower of the
   * state, is handled after it.
   */
  input(input: ConnectionInput): void {
    this.#inputs.push(input)
    if (this.#running) return
    this.#running = true
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#step(next)
    this.#running = false
  }

  #step(input: ConnectionInput): void {
    const before = this.state.get()
    const after = transition(before, input, this.#rules)
    if (after === before) return
    this.state.set(Object.freeze(after))
    if (hasSocket(before) && !hasSocket(after)) this.#letGo()?.drop(1000, '')
    this.#setTimer(retryTime(after))
    if (after.name === 'connecting' && !hasSocket(before)) this.#dial(after.denied)
    if (after.name === 'failed') this.#ended(after.error)
    if (after.name === 'closed') this.#ended(closedError())
    // The page closed the socket: for the parts above it is a loss like any other.
    if (input.name === 'hide' && after.name === 'offline') this.#owner.disconnected(after.reason)
  }

  /** Sets the timer of the next attempt. */
  #setTimer(at: number | undefined): void {
    this.#cancelWait?.()
    if (at === undefined) return
    const { clock } = this.deps
    this.#cancelWait = clock.after(at - clock.now(), () => this.input({ name: 'due' }))
  }

  #ended(error: WirefoldError): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#owner.ended(error)
  }

  #dial(denied: boolean): void {
    const { environment } = this.deps
    this.#unfollow ??= environment.follow((event) => this.#around(event))
    this.#blind = !environment.online
    this.#link = new Link(this, this.#template)
    this.#link.connect(denied)
  }

  /** Forgets the present link, and ends a handoff. */
  #letGo(): Link | undefined {
    const link = this.#link
    this.#link = undefined
    this.#cancelNext?.()
    this.#cancelNext = undefined
    this.#next?.drop()
    this.#next = undefined
    this.#release()
    return link
  }

  #around(event: EnvironmentEvent): void {
    const { clock, random } = this.deps
    if (event === 'show') this.input({ name: 'online', retryAt: clock.now(), redial: false })
    else if (event === 'offline' || event === 'hide') this.input({ name: event })
    else {
      this.#link?.heartbeat?.wake()
      // The attempts that timed out were made on another network, or on this one at another time.
      if (this.timeouts > 0) {
        this.timeouts = 0
        this.#link?.hurry()
      }
      const redial = this.#blind && !this.link
      this.input({ name: event, retryAt: clock.now() + random() * WAKE_SPREAD_MS, redial })
    }
  }

  authorized(link: Link): void {
    if (link === this.#link) this.input({ name: 'authorized' })
  }

  opened(link: Link): void {
    const isNext = link === this.#next
    if (link === this.#link) this.input({ name: 'opened' })
    // A follower of the state may have closed the client.
    if (link !== this.#link && !isNext) return
    let greeting: readonly unknown[] | undefined
    try {
      greeting = this.#owner.greet(link)
      link.greets = greeting !== undefined && greeting.length > 0
      if (!isNext && greeting?.length !== 0) this.#begin(link)
    } catch (cause) {
      this.refused(noGreeting(cause), link)
      return
    }
    if (greeting) link.greet()
    else if (isNext) this.#move(link, undefined)
    else this.#welcomed(undefined, link)
  }

  frame(frame: Frame, link: Link): void {
    if (link !== this.#link) {
      // Events of a former link must not follow those of the present one.
      if (link === this.#next && frame.kind === 'welcome') this.#move(link, frame)
      if (link !== this.#draining) return
      if (frame.kind === 'refusal') this.#owner.frame(frame)
      this.#releaseAnswered()
      return
    }
    switch (frame.kind) {
      case 'event':
        this.deps.serverClock.received(frame)
        break
      case 'welcome':
        this.#welcomed(frame, link)
        break
      case 'goaway':
        // Before the welcome there is nothing to move: the attempt ends as any other.
        if (this.state.get().name === 'open') this.#planMove(frame)
        break
      case 'ping':
        link.pong(frame.timestamp)
        break
      case 'pong':
        this.deps.serverClock.pong(frame, link.heartbeat?.pong(frame))
        break
    }
    this.#owner.frame(frame)
  }

  #welcomed(frame: WelcomeFrame | undefined, link: Link): void {
    if (this.state.get().name !== 'connecting') return
    this.opens++
    // A refusal that a welcome follows was not that of the connection.
    if (link.refusal) this.deps.report(link.refusal)
    link.refusal = undefined
    link.welcomed(frame)
    if (!link.isReady) this.#begin(link)
    this.input({ name: 'welcomed', now: this.deps.clock.now(), judged: link.greets })
    if (link === this.#link) this.#owner.welcomed(frame, false)
  }

  /** Sends the first messages; after the welcome, where that may say what the server has restored. */
  #begin(link: Link): void {
    link.isReady = true
    this.#owner.opening()
  }

  failed(error: unknown): void {
    // The error with which the connection has failed contains the error of the last attempt.
    if (this.state.get().name !== 'failed') this.deps.report(error)
  }

  refused(error: WirefoldError, link: Link): void {
    if (link === this.#link) this.input({ name: 'refused', error })
    else {
      // Each further attempt would fail: the client stays until the server asks for another handoff.
      this.#cancelNext = this.#next = undefined
      link.drop()
      this.deps.report(error)
    }
  }

  closed(close: CloseInfo, link: Link): void {
    if (link === this.#next) {
      this.#next = undefined
      this.#dialNext(NEXT_RETRY_MS)
    } else if (link === this.#draining) this.#release()
    if (link !== this.#link) return
    this.#letGo()
    const { clock, random, environment } = this.deps
    const { online } = environment
    this.input({ name: 'dropped', now: clock.now(), online, random: random(), close })
    this.#owner.disconnected(close)
  }

  /** Opens the next link at a random time in the window in which the server wants the client to move. */
  #planMove({ windowMs, deadlineMs }: GoawayFrame): void {
    const leastMs = this.#stayUntil - this.deps.clock.now()
    if (!this.#cancelNext) this.#dialNext(Math.min(windowMs, deadlineMs), leastMs)
  }

  #dialNext(ms: number, leastMs = 0): void {
    const { clock, random } = this.deps
    this.#cancelNext = clock.after(Math.max(random() * ms, leastMs), () => {
      // A link that is still draining would be a third.
      this.#release()
      this.#next = new Link(this, this.#template)
      this.#next.connect(false)
    })
  }

  #move(link: Link, frame: WelcomeFrame | undefined): void {
    this.#cancelNext = undefined
    this.#next = undefined
    this.#stayUntil = this.deps.clock.now() + LEAST_STAY_MS
    this.#draining = this.#link
    this.#draining?.replies.forgetControls()
    this.#link = link
    link.isReady = true
    link.welcomed(frame)
    this.#owner.welcomed(frame, true)
    this.#releaseAnswered()
  }

  /** Closes the former link once no reply is awaited on it. */
  #releaseAnswered(): void {
    if (this.#draining?.replies.isEmpty) this.#release()
  }

  #release(): void {
    const link = this.#draining
    if (!link) return
    this.#draining = undefined
    link.drop(1000, '')
    this.#owner.drained(link)
  }
}

/** The part above a connection. */
export interface ConnectionOwner {
  /**
   * Sends the greeting on a link that has opened.
   *
   * @returns its messages; `undefined` if the backend sends no welcome
   */
  greet(link: Link): readonly unknown[] | undefined
  /** Sends the messages that go with the greeting; after the welcome, where the server greets first. */
  opening(): void
  /**
   * The connection is open; without a frame where the backend sends no welcome.
   *
   * @param isMove whether it was open before, on another link: everything is to be sent anew on this
   * one, and replies may still arrive on the former one
   */
  welcomed(frame: WelcomeFrame | undefined, isMove: boolean): void
  /** Receives the frames of the present link, and refusals of one that the client has moved from. */
  frame(frame: Frame): void
  /** A link that the client has moved from has ended; further replies do not arrive. */
  drained(link: Link): void
  /** The link was lost; the state shows whether and when the next one is opened. */
  disconnected(close: CloseInfo): void
  /** The connection was closed, or has failed for good. */
  ended(error: WirefoldError): void
}

/** Options of a connection. */
export interface ConnectionDeps extends LinkDeps {
  readonly environment: Environment
  readonly backoff: Partial<BackoffOptions>
  /** Time limit of an attempt, until one exceeds it, in milliseconds; by default the dialect's. */
  readonly connectTimeoutMs: number | undefined
  readonly minUptimeMs: number
  /** Returns a number in [0, 1). */
  readonly random: () => number
  /** Reports an error that has no other destination. */
  readonly report: (error: unknown) => void
}
