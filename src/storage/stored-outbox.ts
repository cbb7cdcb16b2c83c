import type { Cancel } from '../base/clock.ts'
import { isWirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import type { ClientOutbox, OutboxHost, OutboxStorage } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { Claim, OutboxDatabase, StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'
import { OwnedRequest } from './owned-request.ts'
import { restored, storedRequest } from './restore-request.ts'

/** How long nobody else sends what we have not been heard of for, in milliseconds. */
const LEASE_MS = 30_000
/** How often leases are renewed, and looked for that have ended, in milliseconds. */
const RENEW_MS = 10_000
/** How long the greeting waits for the database, in milliseconds. */
const READ_MS = 5_000

/** One that asks whether it may leave. */
interface Leaving {
  readonly owned: OwnedRequest
  /** When it first left. */
  readonly sentAt: number
  readonly resolve: (may: boolean) => void
}

/**
 * Keeps requests in a database until they are settled, and has those sent that another client over the
 * same database, or one before it, has left behind.
 *
 * A request is leased by the client that sends it. It is put into the database before it is sent, and
 * marked as sent before it leaves; who finds it later can tell whether it may have been carried out.
 *
 * @param database may serve several clients
 */
export function storedOutbox(database: OutboxDatabase): OutboxStorage {
  return { keep: (host) => new StoredOutbox(host, database) }
}

class StoredOutbox implements ClientOutbox {
  readonly #host: OutboxHost
  readonly #database: OutboxDatabase
  #owner = lazy(randomId)
  readonly #owned = new Map<string, OwnedRequest>()
  #leaving: Leaving[] = []
  #reading: Promise<void> | undefined
  /** Whether requests are stored; `undefined` until the database was read. */
  #works: boolean | undefined
  #userId: string | undefined
  /** Whether the server has told who that is, rather than the database. */
  #isKnown = false
  #asked = 0
  #failing = false
  #cancelTick: Cancel | undefined
  #unfollow: (() => void) | undefined

  constructor(host: OutboxHost, database: OutboxDatabase) {
    this.#host = host
    this.#database = database
  }

  ready(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  async send(outgoing: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    if (options.volatile) return this.#host.send(outgoing, options)
    // What was left behind is sent before what is asked now.
    if (this.#works === undefined) await this.ready()
    if (!this.#works || options.signal?.aborted) return this.#host.send(outgoing, options)
    const request = storedRequest(outgoing, options, {
      owner: this.#owner(),
      userId: this.#userId,
      order: this.#asked++,
    })
    const stored = this.#database.put(request, this.#leaseUntil())
    const owned = this.#hold(request, options, !this.#isKnown)
    stored.catch((cause) => owned.giveUp(outboxErrors.unstorable(request.outgoing, cause)))
    return owned.answer(options, this.#host.clock)
  }

  greeted(userId: string | undefined): void {
    if (!this.#works) return
    this.#isKnown = true
    this.#userId = userId
    void this.#safely(this.#database.remember(userId))
    void this.#claim()
    this.#watch()
  }

  release(userId: string | undefined): void {
    this.#yield()
    for (const { isGuess, request } of this.#owned.values()) {
      // Asked before it was known who asks: nobody's to send.
      const isWrong = isGuess && userId !== this.#userId
      if (isWrong) void this.#safely(this.#database.delete(request.requestId))
    }
    this.#isKnown = false
    this.#userId = userId
    this.#owner = lazy(randomId)
    this.#owned.clear()
    this.#leaving = []
    this.#watch()
  }

  async #read(): Promise<void> {
    const { clock } = this.#host
    const owner = this.#owner()
    let cancel: Cancel = () => {}
    const deadline = new Promise<never>((_, reject) => {
      cancel = clock.after(READ_MS, () => reject(new Error(`No answer in ${READ_MS} ms.`)))
    })
    const found = await this.#safely(Promise.race([this.#open(), deadline]))
    cancel()
    this.#works = found !== undefined
    if (!found) return
    this.#userId = found.identity.userId
    this.#host.identified(found.identity)
    this.#takeAll(found.claimed, owner)
  }

  async #open() {
    const identity = await this.#database.identify(randomId())
    return { identity, claimed: await this.#database.claim(this.#claimFor(identity.userId)) }
  }

  #claimFor(userId: string | undefined): Claim {
    const now = this.#host.clock.wall()
    const limit = Math.max(this.#host.limit - this.#owned.size, 0)
    return { owner: this.#owner(), userId, now, leaseUntil: this.#leaseUntil(), limit }
  }

  /** Looks for what nobody sends. */
  async #claim(): Promise<void> {
    const owner = this.#owner()
    const claimed = await this.#safely(this.#database.claim(this.#claimFor(this.#userId)))
    if (claimed) this.#takeAll(claimed, owner)
  }

  #takeAll(claimed: readonly StoredRequest[], owner: string): void {
    if (owner === this.#owner()) for (const request of claimed) this.#take(request)
    // What was claimed before we let go of everything is not ours any more.
    else void this.#safely(this.#database.release(owner))
  }

  /** Asks what somebody has asked before who is gone. */
  #take(request: StoredRequest): void {
    const { requestId, outgoing } = request
    if (this.#owned.has(requestId)) return
    const others = [...this.#owned.values()].map((owned) => owned.request)
    const how = restored(request, others, this.#host.clock)
    if (!isWirefoldError(how)) this.#hold(request, how, false)
    else {
      void this.#safely(this.#database.delete(requestId))
      this.#host.settled({ request: outgoing, reply: undefined, error: how })
    }
  }

  /** Has a request sent; until it is settled it is ours. */
  #hold(request: StoredRequest, options: SendOptions, isGuess: boolean): OwnedRequest {
    const owned = new OwnedRequest(request, isGuess)
    this.#owned.set(request.requestId, owned)
    const timeoutMs = Math.max(options.timeoutMs, options.ttlMs)
    const beforeSend = (first: boolean): Promise<boolean> => this.#mayLeave(owned, first)
    this.#host
      .send(request.outgoing, { ...options, timeoutMs, signal: owned.signal, beforeSend })
      .then(
        (reply) => this.#settled(owned, reply, undefined),
        (error) => this.#settled(owned, undefined, error),
      )
    this.#watch()
    return owned
  }

  #settled(owned: OwnedRequest, reply: ReplyFrame | undefined, error: unknown): void {
    const { requestId } = owned.request
    const isOurs = this.#isOurs(owned)
    if (isOurs) {
      this.#owned.delete(requestId)
      void this.#safely(this.#database.delete(requestId))
    }
    const untold = owned.settle(reply, error)
    // What we have let go of is told by whoever has it now.
    if (untold && isOurs) this.#host.settled(untold)
    this.#watch()
  }

  #isOurs(owned: OwnedRequest): boolean {
    return this.#owned.get(owned.request.requestId) === owned
  }

  /** Somebody else has it now, or nobody. */
  #lose(owned: OwnedRequest): void {
    this.#owned.delete(owned.request.requestId)
    owned.giveUp(outboxErrors.lost(owned.request.outgoing))
  }

  /** Those that want to leave in one turn are marked together. */
  #mayLeave(owned: OwnedRequest, first: boolean): Promise<boolean> {
    const now = this.#host.clock.wall()
    const sentAt = (first ? undefined : owned.request.sentAt) ?? now
    return new Promise((resolve) => {
      const alone = this.#leaving.push({ owned, sentAt, resolve }) === 1
      if (alone) queueMicrotask(() => void this.#mark())
    })
  }

  async #mark(): Promise<void> {
    const now = this.#host.clock.wall()
    for (const { owned } of this.#leaving) {
      if (owned.request.expiresAt <= now) owned.giveUp(outboxErrors.expired(owned.request))
    }
    const leaving = this.#leaving.splice(0).filter(({ owned }) => !owned.signal.aborted)
    const [owner, userId, leaseUntil] = [this.#owner(), this.#userId, this.#leaseUntil()]
    const sentAt = new Map(leaving.map((one) => [one.owned.request.requestId, one.sentAt]))
    const marked = await this.#safely(this.#database.mark({ owner, userId, leaseUntil, sentAt }))
    for (const one of leaving.filter(({ owned }) => this.#isOurs(owned))) {
      const { owned, resolve } = one
      // Unmarked it does not leave; with the next look it is tried again.
      if (!marked) this.#leaving.push(one)
      else if (marked.includes(owned.request.requestId)) {
        owned.request = { ...owned.request, userId, sentAt: one.sentAt }
        resolve(true)
      } else this.#lose(owned)
    }
  }

  /** Every so often, while there is something to send or to be found. */
  #watch(): void {
    const { clock, environment } = this.#host
    if (this.#owned.size > 0 || (this.#works && this.#host.isOpen())) {
      this.#cancelTick ??= clock.after(RENEW_MS, () => void this.#tick())
      this.#unfollow ??= environment.follow((event) => event === 'hide' && this.#yield())
    } else {
      this.#cancelTick?.()
      this.#unfollow?.()
      this.#cancelTick = undefined
      this.#unfollow = undefined
    }
  }

  async #tick(): Promise<void> {
    this.#cancelTick = undefined
    const held = [...this.#owned.values()]
    if (held.length > 0) {
      const owned = await this.#safely(this.#database.renew(this.#owner(), this.#leaseUntil()))
      for (const one of owned ? held : []) {
        if (!owned?.includes(one.request.requestId) && this.#isOurs(one)) this.#lose(one)
      }
    }
    if (this.#leaving.length > 0) await this.#mark()
    if (this.#host.isOpen()) await this.#claim()
    this.#watch()
  }

  /** Whoever comes next need not wait for our lease to end. */
  #yield(): void {
    if (this.#owned.size > 0) void this.#safely(this.#database.release(this.#owner()))
  }

  #leaseUntil(): number {
    return this.#host.clock.wall() + LEASE_MS
  }

  /** What the database does; where it fails that is told once, until it works again. */
  async #safely<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      const value = await work
      this.#failing = false
      return value
    } catch (cause) {
      if (!this.#failing) this.#host.report(outboxErrors.failing(cause))
      this.#failing = true
      return undefined
    }
  }
}
