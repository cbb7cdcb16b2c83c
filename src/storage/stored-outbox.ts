import type { Cancel } from '../base/clock.ts'
import { isWirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import type {
  ClientOutbox,
  OutboxHost,
  OutboxStorage,
  RestoredMutation,
  SettledRequest,
} from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { Claim, OutboxDatabase, StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'
import { OwnedRequest } from './owned-request.ts'
import { restoreOptions, storedRequest } from './restore-request.ts'

/** Duration of a lease, in milliseconds. */
const LEASE_MS = 30_000
/** Interval of renewing the lease and claiming requests of ended leases, in milliseconds. */
const RENEW_MS = 10_000
/** Maximum time `hello` waits for the database, in milliseconds. */
const READ_MS = 5_000

/**
 * Keeps requests in a database until they are settled, and sends those that another or an earlier
 * client of the same database has left behind.
 *
 * A request is leased by the client that sends it. It is stored before it is sent, and marked as sent
 * before it is written to the socket, so that a later client knows whether the server may have run it.
 *
 * @param database may serve several clients
 */
export function storedOutbox(database: OutboxDatabase): OutboxStorage {
  return { keep: (host, limit) => new StoredOutbox(host, database, limit) }
}

class StoredOutbox implements ClientOutbox {
  readonly #host: OutboxHost
  readonly #database: OutboxDatabase
  readonly #limit: number
  #owner = lazy(randomId)
  readonly #owned = new Map<string, OwnedRequest>()
  #pendingMarks: PendingMark[] = []
  /** Whether `#mark()` is called at the end of this turn. */
  #isMarkDue = false
  #reading: Promise<void> | undefined
  /** Whether the database works; `undefined` until it was read. */
  #works: boolean | undefined
  #userId: string | undefined
  /** Whether the server has confirmed `#userId`; it comes from the database before. */
  #isUserConfirmed = false
  #counter = 0
  #failing = false
  #cancelTick: Cancel | undefined
  #unfollow: (() => void) | undefined

  constructor(host: OutboxHost, database: OutboxDatabase, limit: number) {
    this.#host = host
    this.#database = database
    this.#limit = limit
  }

  ready(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  async send(outgoing: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    if (options.volatile) return this.#host.sendNow(outgoing, options)
    // Stored requests are older, and are sent first.
    if (this.#works === undefined) await this.ready()
    if (!this.#works || options.signal?.aborted) return this.#host.sendNow(outgoing, options)
    const request = storedRequest(outgoing, options, {
      owner: this.#owner(),
      userId: this.#userId,
      order: this.#counter++,
    })
    const stored = this.#database.put(request, this.#leaseUntil())
    const { owned } = this.#hold(request, options, !this.#isUserConfirmed)
    stored.catch((cause) => owned.giveUp(outboxErrors.unstorable(request.outgoing, cause)))
    return owned.waitForReply(options, this.#host.serverClock)
  }

  greeted(userId: string | undefined): void {
    if (!this.#works) return
    this.#isUserConfirmed = true
    this.#userId = userId
    void this.#safely(this.#database.remember(userId))
    void this.#claim()
    this.#watch()
  }

  release(userId: string | undefined): void {
    this.#endLease()
    for (const { isUserUnconfirmed, request } of this.#owned.values()) {
      // Stored as the user restored from the database, but another one is signed in: never sent.
      const isWrong = isUserUnconfirmed && userId !== this.#userId
      if (isWrong) void this.#safely(this.#database.delete(request.requestId))
    }
    this.#isUserConfirmed = false
    this.#userId = userId
    this.#owner = lazy(randomId)
    this.#owned.clear()
    this.#pendingMarks = []
    this.#watch()
  }

  async #read(): Promise<void> {
    const { clock } = this.#host
    const owner = this.#owner()
    let cancel: Cancel = () => {}
    const deadline = new Promise<never>((_, reject) => {
      cancel = clock.after(READ_MS, () =>
        reject(new Error(`The outbox database did not respond in ${READ_MS} ms.`)),
      )
    })
    const opened = this.#open()
    const found = await this.#safely(Promise.race([opened, deadline]))
    cancel()
    this.#works = found !== undefined
    if (!found) {
      // Claimed too late to be sent by this client: another client may send it at once.
      opened.then(
        () => this.#safely(this.#database.release(this.#owner())),
        () => {},
      )
      return
    }
    this.#userId = found.identity.userId
    this.#host.senderId = found.identity.senderId
    this.#host.userId = found.identity.userId
    this.#takeAll(found.claimed, owner)
  }

  async #open() {
    const identity = await this.#database.identify(randomId())
    return { identity, claimed: await this.#database.claim(this.#claimFor(identity.userId)) }
  }

  #claimFor(userId: string | undefined): Claim {
    const now = this.#host.clock.wall()
    const limit = Math.max(this.#limit - this.#owned.size, 0)
    return { owner: this.#owner(), userId, now, leaseUntil: this.#leaseUntil(), limit }
  }

  /** Claims requests whose owner's lease has ended. */
  async #claim(): Promise<void> {
    const owner = this.#owner()
    const claimed = await this.#safely(this.#database.claim(this.#claimFor(this.#userId)))
    if (claimed) this.#takeAll(claimed, owner)
  }

  #takeAll(claimed: readonly StoredRequest[], owner: string): void {
    if (owner === this.#owner()) for (const request of claimed) this.#take(request)
    // `release()` was called meanwhile: give the claimed requests back.
    else void this.#safely(this.#database.release(owner))
  }

  /** Sends a claimed request, or settles it with an error if it must not be sent. */
  #take(request: StoredRequest): void {
    const { requestId, outgoing, mutation } = request
    if (this.#owned.has(requestId)) return
    const others = [...this.#owned.values()].map((owned) => owned.request)
    const options = restoreOptions(request, others, this.#host)
    if (!isWirefoldError(options)) {
      const { reply } = this.#hold(request, options, false)
      if (mutation && outgoing.id) this.#show({ ...mutation, id: outgoing.id, reply })
    } else {
      void this.#safely(this.#database.delete(requestId))
      this.#deliver({ request: outgoing, reply: undefined, error: options })
    }
  }

  /** Shows a restored mutation until its request is settled. */
  #show(mutation: RestoredMutation): void {
    const { restored } = this.#host
    const forget = (): void => restored.set(restored.get().filter((other) => other !== mutation))
    restored.set([...restored.get(), mutation])
    mutation.reply.then(forget, forget)
  }

  /** Sends a request, and owns it until it is settled. */
  #hold(request: StoredRequest, options: SendOptions, isUserUnconfirmed: boolean) {
    const owned = new OwnedRequest(request, isUserUnconfirmed)
    this.#owned.set(request.requestId, owned)
    const timeoutMs = Math.max(options.timeoutMs, options.ttlMs)
    const beforeSend = (first: boolean): Promise<boolean> => this.#maySend(owned, first)
    const reply = this.#host.sendNow(request.outgoing, {
      ...options,
      // The time limit of a stored request is its time to live, sent or not.
      ...{ timeoutMs, mutation: undefined, signal: owned.signal, beforeSend },
    })
    reply.then(
      (answer) => this.#settled(owned, answer, undefined),
      (error) => this.#settled(owned, undefined, error),
    )
    this.#watch()
    return { owned, reply }
  }

  #settled(owned: OwnedRequest, reply: ReplyFrame | undefined, error: unknown): void {
    const { requestId } = owned.request
    const isOwned = this.#owns(owned)
    if (isOwned) {
      this.#owned.delete(requestId)
      void this.#safely(this.#database.delete(requestId))
    }
    const outcome = owned.settle(reply, error)
    // The outcome of a request that another client has claimed is reported by that client.
    if (outcome && isOwned) this.#deliver(outcome)
    this.#watch()
  }

  /** Delivers the outcome of a request that no caller waits for. */
  #deliver(outcome: SettledRequest): void {
    const { events } = this.#host
    if (events.listens('settled')) events.emit('settled', outcome)
    else if (outcome.error) this.#host.report(outcome.error)
  }

  get #isOpen(): boolean {
    return this.#host.state.get().name === 'open'
  }

  #owns(owned: OwnedRequest): boolean {
    return this.#owned.get(owned.request.requestId) === owned
  }

  /** Gives up a request that another client has claimed, or that was deleted. */
  #lose(owned: OwnedRequest): void {
    this.#owned.delete(owned.request.requestId)
    owned.giveUp(outboxErrors.lost(owned.request.outgoing))
  }

  /** Resolves once the request is marked as sent; marks all requests of one tick in one write. */
  #maySend(owned: OwnedRequest, first: boolean): Promise<boolean> {
    const { sentAt, serverSentAt } = owned.request
    const times =
      first || sentAt === undefined
        ? { sentAt: this.#host.clock.wall(), serverSentAt: this.#host.serverClock.present.server }
        : { sentAt, serverSentAt }
    return new Promise((resolve) => {
      this.#pendingMarks.push({ owned, times, resolve })
      if (!this.#isMarkDue) queueMicrotask(() => void this.#mark())
      this.#isMarkDue = true
    })
  }

  async #mark(): Promise<void> {
    this.#isMarkDue = false
    const now = this.#host.clock.wall()
    for (const { owned } of this.#pendingMarks) {
      if (owned.request.expiresAt <= now) owned.giveUp(outboxErrors.expired(owned.request))
    }
    const pending = this.#pendingMarks.splice(0).filter(({ owned }) => !owned.signal.aborted)
    const userId = this.#userId
    const sentAt = new Map<string, number>()
    const serverSentAt = new Map<string, number | undefined>()
    for (const { owned, times } of pending) {
      sentAt.set(owned.request.requestId, times.sentAt)
      serverSentAt.set(owned.request.requestId, times.serverSentAt)
    }
    const leaseUntil = this.#leaseUntil()
    const mark = { owner: this.#owner(), userId, leaseUntil, sentAt, serverSentAt }
    const marked = await this.#safely(this.#database.mark(mark))
    for (const one of pending.filter(({ owned }) => this.#owns(owned))) {
      const { owned, resolve } = one
      // An unmarked request is not sent; the next request or tick tries again.
      if (!marked) this.#pendingMarks.push(one)
      else if (marked.includes(owned.request.requestId)) {
        owned.request = { ...owned.request, userId, ...one.times }
        resolve(true)
      } else this.#lose(owned)
    }
  }

  /** Runs the timer while there are requests to send, or a connection to send claimed ones on. */
  #watch(): void {
    const { clock, environment } = this.#host
    if (this.#owned.size > 0 || (this.#works && this.#isOpen)) {
      this.#cancelTick ??= clock.after(RENEW_MS, () => void this.#tick())
      this.#unfollow ??= environment.follow((event) => event === 'hide' && this.#endLease())
    } else {
      this.#cancelTick?.()
      this.#unfollow?.()
      this.#cancelTick = undefined
      this.#unfollow = undefined
    }
  }

  async #tick(): Promise<void> {
    this.#cancelTick = undefined
    const all = [...this.#owned.values()]
    if (all.length > 0) {
      const ids = await this.#safely(this.#database.renew(this.#owner(), this.#leaseUntil()))
      for (const owned of ids ? all : []) {
        if (!ids?.includes(owned.request.requestId) && this.#owns(owned)) this.#lose(owned)
      }
    }
    if (this.#pendingMarks.length > 0) await this.#mark()
    if (this.#isOpen) await this.#claim()
    this.#watch()
  }

  /** Ends the lease early, so that another client can claim the requests at once. */
  #endLease(): void {
    if (this.#owned.size > 0) void this.#safely(this.#database.release(this.#owner()))
  }

  #leaseUntil(): number {
    return this.#host.clock.wall() + LEASE_MS
  }

  /** Awaits a database call; reports a failure once, until a call succeeds again. */
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

/** A request that waits to be marked as sent. */
interface PendingMark {
  readonly owned: OwnedRequest
  /** When it was first sent, by the wall clock and by the server's. */
  readonly times: { readonly sentAt: number; readonly serverSentAt: number | undefined }
  readonly resolve: (maySend: boolean) => void
}
