import { randomId } from '../../base/ids.ts'
import type { ReplyLookup, ReplyStore } from '../broker/reply-store.ts'
import type { BatchQueue } from './batch-queue.ts'
import type { CancellableWaits } from './cancellable-waits.ts'
import { listOf } from './connection/resp-values.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { unavailable } from './connection/unavailable.ts'
import { BEGIN, PEEK } from './scripts/answer.ts'
import type { StoreGeneration } from './store-generation.ts'

/**
 * A reply store in Redis. Each running request belongs to a node. If the node does not renew its
 * lease, it is dead, and the results of its running requests are lost.
 */
export class RedisReplies implements ReplyStore {
  readonly #deps: RedisAnswersDeps
  /** Callers in this process that wait for a running request, by key. */
  readonly #waiting = new Map<string, Set<Resolve>>()

  constructor(deps: RedisAnswersDeps) {
    this.#deps = deps
  }

  get reachMs(): number {
    return this.#deps.generation.reachMs
  }

  async begin(key: string, digest: string, repeated = true): Promise<ReplyLookup> {
    // Registered before the lookup, because the record may arrive before the reply to the lookup.
    let resolveRecord: Resolve = () => {}
    const record = new Promise<string | undefined>((resolve) => {
      resolveRecord = resolve
    })
    this.#wait(key, resolveRecord)
    try {
      const lookup = await this.#begin([key, digest, repeated], record)
      if (lookup.state !== 'started') this.#unwait(key, resolveRecord)
      return lookup
    } catch (error) {
      this.#unwait(key, resolveRecord)
      throw error
    }
  }

  async settle(key: string, record: string, keepMs: number): Promise<void> {
    try {
      await this.#deps.queue.push(['settle', key, record, String(keepMs)]).done
    } finally {
      this.resolveWaiting(key, record)
    }
  }

  /** Resolves the lookups that wait for a request; `undefined` if its result is lost. */
  resolveWaiting(key: string, record: string | undefined): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const resolve of waiting ?? []) resolve(record)
  }

  /** Polls the awaited requests: their node may be dead, or its message lost. */
  async checkWaiting(): Promise<void> {
    for (const key of [...this.#waiting.keys()]) {
      const [state, record] = listOf(await this.#deps.runner.run(PEEK, key))
      if (state === 'answered') this.resolveWaiting(key, String(record))
      else if (state === 'lost') this.resolveWaiting(key, undefined)
    }
  }

  /** Resolves all waiting lookups as lost. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.resolveWaiting(key, undefined)
  }

  async #begin(request: LookedUp, record: Promise<string | undefined>): Promise<ReplyLookup> {
    const [state, ...rest] = await this.#lookUp(request)
    switch (state) {
      case 'fresh':
      case 'conflict':
        return { state }
      case 'answered':
        return { state, record: String(rest[0]) }
      case 'era':
        // The store lost its data: the repeated request may have run, and must not run again.
        this.#deps.generation.learn(String(rest[0]), Number(rest[1]))
        return { state: 'started', record: Promise.resolve(undefined) }
      case 'lost':
        return { state: 'started', record: Promise.resolve(undefined) }
      default:
        return { state: 'started', record }
    }
  }

  async #lookUp([key, digest, repeated]: LookedUp): Promise<readonly unknown[]> {
    const { runner, generation, node, patienceMs, waits } = this.#deps
    // Where a reply was lost, the next attempt recognises its own mark.
    const mark = randomId()
    const expected = repeated ? generation.id : ''
    const send = () => runner.run(BEGIN, expected, key, digest, node, mark)
    const pending = waits.untilAnswered(send).then(listOf)
    if (patienceMs === undefined) return pending
    const reply = await waits.within(patienceMs, pending)
    if (reply) return reply
    // The caller will not run the request, so undo the mark in case the script still sets it.
    pending.then(
      ([state]) => {
        if (state === 'fresh') this.settle(key, '{}', 0).catch(() => {})
      },
      () => {},
    )
    throw unavailable()
  }

  #wait(key: string, resolve: Resolve): void {
    const waiting = this.#waiting.get(key) ?? new Set()
    waiting.add(resolve)
    this.#waiting.set(key, waiting)
  }

  #unwait(key: string, resolve: Resolve): void {
    const waiting = this.#waiting.get(key)
    waiting?.delete(resolve)
    if (!waiting?.size) this.#waiting.delete(key)
  }
}

/** Dependencies of {@link RedisReplies}. */
export interface RedisAnswersDeps {
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly generation: StoreGeneration
  readonly waits: CancellableWaits
  /** The id of this process. */
  readonly node: string
  /** Time after which a lookup is refused, in milliseconds; `undefined` waits without limit. */
  readonly patienceMs: number | undefined
}

/** Key and digest of a request, and whether it may have been started before. */
type LookedUp = readonly [key: string, digest: string, repeated: boolean]

type Resolve = (record: string | undefined) => void
