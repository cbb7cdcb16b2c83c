import { randomId } from '../../base/ids.ts'
import type { ResolvedReplyLimits } from '../broker/reply-limits.ts'
import type { ReplyLookup, ReplyStore } from '../broker/reply-store.ts'
import type { BatchQueue } from './batches/batch-queue.ts'
import { isRefusedStep, withinRequest } from './batches/request-step.ts'
import type { StoreGeneration } from './batches/store-generation.ts'
import type { CancellableWaits } from './connection/cancellable-waits.ts'
import { listOf } from './connection/resp-values.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { unavailable } from './connection/unavailable.ts'
import type { RequestOwner } from './request-owner.ts'
import { BEGIN, PEEK } from './scripts/answer.ts'

/** Maximum number of results, and of their characters, that are kept until Redis stores them. */
const MAX_UNSTORED = 1_000
const MAX_UNSTORED_LENGTH = 16 * 1024 * 1024

/**
 * A reply store in Redis. Each running request has an owner, the process that runs it. If the owner
 * is declared dead, the results of its running requests are lost.
 */
export class RedisReplies implements ReplyStore {
  readonly #deps: RedisAnswersDeps
  /** Callers in this process that wait for a running request, by key. */
  readonly #waiting = new Map<string, Waiting>()
  /** The owner of each request that runs in this process, by key. */
  readonly #running = new Map<string, string>()
  /** Results that Redis refused to store, for example without free memory, by key. */
  readonly #unstored = new Map<string, Unstored>()
  #unstoredLength = 0

  constructor(deps: RedisAnswersDeps) {
    this.#deps = deps
  }

  get reachMs(): number {
    return this.#deps.generation.reachMs
  }

  async begin(key: string, digest: string, repeated = true, rerun = false): Promise<ReplyLookup> {
    // Registered before the lookup, because the record may arrive before the reply to the lookup.
    let resolveRecord: Resolve = () => {}
    const record = new Promise<string | undefined>((resolve) => {
      resolveRecord = resolve
    })
    this.#wait(key, resolveRecord)
    try {
      const lookup = await this.#begin([key, digest, repeated, rerun], record)
      if (lookup.state !== 'started') this.#unwait(key, resolveRecord)
      return lookup
    } catch (error) {
      this.#unwait(key, resolveRecord)
      throw error
    }
  }

  async finish(key: string, record: string, keepMs: number): Promise<boolean> {
    const request = { key, owner: this.ownerOf(key), once: '' }
    const step = withinRequest(request, ['finish', key, record, String(keepMs)])
    let known: string | undefined = record
    try {
      if (isRefusedStep(await this.#deps.queue.push(step).done)) known = undefined
      return known !== undefined
    } catch (error) {
      this.#keep(key, { step, record })
      throw error
    } finally {
      this.ended(key, known)
    }
  }

  /** Returns the owner of a request that began in this process, and has not ended. */
  ownerOf(key: string): string | undefined {
    return this.#running.get(key)
  }

  /** Ends a request of this process, and resolves the lookups that wait for it. */
  ended(key: string, record: string | undefined): void {
    this.#running.delete(key)
    this.resolveWaiting(key, record)
  }

  /** Resolves the lookups that wait for a request; `undefined` if its result is lost. */
  resolveWaiting(key: string, record: string | undefined): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const resolve of waiting?.resolves ?? []) resolve(record)
  }

  /**
   * Stores the results that Redis refused, and polls the awaited requests: their owner may be dead,
   * or its message lost.
   */
  async checkWaiting(): Promise<void> {
    await this.#storeLate()
    await this.#check([...this.#waiting.keys()])
  }

  /** Declares the owners of awaited requests dead that give no sign of life any more. */
  async checkOwners(): Promise<void> {
    const awaited = new Set<string>()
    for (const { owner } of this.#waiting.values()) if (owner !== undefined) awaited.add(owner)
    const dead = await this.#deps.owner.declareDead(awaited)
    const isLost = ([, { owner }]: readonly [string, Waiting]) => dead.has(owner ?? '')
    await this.#check([...this.#waiting].filter(isLost).map(([key]) => key))
  }

  /** Resolves all waiting lookups as lost. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.resolveWaiting(key, undefined)
  }

  #keep(key: string, unstored: Unstored): void {
    const length = this.#unstoredLength + unstored.record.length
    if (this.#unstored.size >= MAX_UNSTORED || length > MAX_UNSTORED_LENGTH) return
    this.#unstoredLength = length
    this.#unstored.set(key, unstored)
  }

  async #storeLate(): Promise<void> {
    for (const [key, { step, record }] of this.#unstored) {
      const reply = await this.#deps.queue.push(step).done.catch(() => undefined)
      // The queue has reported why.
      if (reply === undefined) return
      const refused = isRefusedStep(reply)
      this.#unstored.delete(key)
      this.#unstoredLength -= record.length
      this.resolveWaiting(key, refused ? undefined : record)
    }
  }

  async #check(keys: readonly string[]): Promise<void> {
    const check = async (key: string): Promise<void> => {
      const [state, value] = listOf(await this.#deps.runner.run(PEEK, key))
      if (state === 'answered') this.resolveWaiting(key, String(value))
      else if (state === 'lost') this.resolveWaiting(key, undefined)
      else this.#setOwner(key, String(value))
    }
    // At once: the next sign of life of this process waits for it.
    await Promise.all(keys.map(check))
  }

  async #begin(request: LookedUp, record: Promise<string | undefined>): Promise<ReplyLookup> {
    const [state, ...rest] = await this.#lookUp(request)
    switch (state) {
      case 'fresh':
      case 'conflict':
      case 'full':
        return { state }
      case 'answered':
        return { state, record: String(rest[0]) }
      case 'generation':
        // The store lost its data: the repeated request may have run, and must not run again.
        this.#deps.generation.learn(String(rest[0]), Number(rest[1]))
        return { state: 'lost' }
      case 'lost':
        return { state }
      default:
        this.#setOwner(request[0], String(rest[0]))
        return { state: 'started', record }
    }
  }

  async #lookUp([key, digest, repeated, rerun]: LookedUp): Promise<readonly unknown[]> {
    const { runner, generation, node, owner, limits, patienceMs, waits } = this.#deps
    const { userRequests, totalRequests } = limits
    // Where a reply was lost, the next attempt recognises its own mark.
    const mark = randomId()
    const expected = repeated ? generation.id : ''
    const send = async (): Promise<readonly unknown[]> => {
      const { id } = owner
      const request = [expected, key, digest, node, mark, id, rerun ? 1 : 0]
      const reply = listOf(await runner.run(BEGIN, ...request, userRequests, totalRequests))
      if (reply[0] === 'fresh') this.#running.set(key, id)
      if (reply[0] !== 'dead') return reply
      owner.replace(id)
      return send()
    }
    const pending = waits.untilAnswered(send)
    if (patienceMs === undefined) return pending
    const reply = await waits.within(patienceMs, pending)
    if (reply) return reply
    // The caller will not run the request, so undo the mark in case the script still sets it.
    pending.then(
      ([state]) => {
        if (state === 'fresh') this.finish(key, '{}', 0).catch(() => {})
      },
      () => {},
    )
    throw unavailable()
  }

  #wait(key: string, resolve: Resolve): void {
    const waiting = this.#waiting.get(key) ?? { owner: undefined, resolves: new Set() }
    waiting.resolves.add(resolve)
    this.#waiting.set(key, waiting)
  }

  #setOwner(key: string, owner: string): void {
    const waiting = this.#waiting.get(key)
    if (waiting) waiting.owner = owner
  }

  #unwait(key: string, resolve: Resolve): void {
    const waiting = this.#waiting.get(key)
    waiting?.resolves.delete(resolve)
    if (!waiting?.resolves.size) this.#waiting.delete(key)
  }
}

/** A result, and the step that stores it. */
interface Unstored {
  readonly step: readonly string[]
  readonly record: string
}

/** Dependencies of {@link RedisReplies}. */
export interface RedisAnswersDeps {
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly generation: StoreGeneration
  readonly waits: CancellableWaits
  /** The id of this process, for messages to it. */
  readonly node: string
  readonly owner: RequestOwner
  readonly limits: ResolvedReplyLimits
  /** Time after which a lookup is refused, in milliseconds; `undefined` waits without limit. */
  readonly patienceMs: number | undefined
}

/** Key and digest of a request, whether it may have been started before, and may run again. */
type LookedUp = readonly [key: string, digest: string, repeated: boolean, rerun: boolean]

/** The callers that wait for a request. */
interface Waiting {
  /** The owner of the request; `undefined` until that is known. */
  owner: string | undefined
  readonly resolves: Set<Resolve>
}

type Resolve = (record: string | undefined) => void
