import type { ReplyLookup, ReplyStore } from '../broker/reply-store.ts'
import type { BatchQueue } from './batch-queue.ts'
import type { CancellableWaits } from './cancellable-waits.ts'
import { listOf } from './connection/resp-values.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { unavailable } from './connection/unavailable.ts'
import { BEGIN, PEEK } from './scripts/answer.ts'
import type { StoreGeneration } from './store-generation.ts'

/** What {@link RedisAnswers} needs. */
export interface RedisAnswersDeps {
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly generation: StoreGeneration
  readonly waits: CancellableWaits
  /** The id of this process. */
  readonly node: string
  /** How long to wait for Redis before a request is refused; `undefined` waits. */
  readonly patienceMs: number | undefined
}

type Hear = (record: string | undefined) => void

/**
 * Answers in Redis. Each request that is being carried out belongs to a node; one that does not renew
 * its lease is dead, and the outcomes of what it carried out are lost.
 */
export class RedisAnswers implements ReplyStore {
  readonly #deps: RedisAnswersDeps
  /** Who waits here for what is carried out, here or on another node. */
  readonly #waiting = new Map<string, Set<Hear>>()

  constructor(deps: RedisAnswersDeps) {
    this.#deps = deps
  }

  get reachMs(): number {
    return this.#deps.generation.reachMs
  }

  async begin(key: string, digest: string): Promise<ReplyLookup> {
    // Waits from here on, so that what is told before the reply is read is not missed.
    let hear: Hear = () => {}
    const record = new Promise<string | undefined>((resolve) => {
      hear = resolve
    })
    this.#wait(key, hear)
    try {
      const begun = await this.#begin(key, digest, record)
      if (begun.state !== 'started') this.#unwait(key, hear)
      return begun
    } catch (error) {
      this.#unwait(key, hear)
      throw error
    }
  }

  async settle(key: string, record: string, keepMs: number): Promise<void> {
    try {
      await this.#deps.queue.push(['settle', key, record, String(keepMs)]).done
    } finally {
      this.tell(key, record)
    }
  }

  /** A request was answered; `undefined` where its outcome is lost. */
  tell(key: string, record: string | undefined): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const hear of waiting ?? []) hear(record)
  }

  /** Looks after those who wait for what other nodes carry out: they may be dead, or were not heard. */
  async lookAfter(): Promise<void> {
    for (const key of [...this.#waiting.keys()]) {
      const [state, record] = listOf(await this.#deps.runner.run(PEEK, key))
      if (state === 'answered') this.tell(key, String(record))
      else if (state === 'lost') this.tell(key, undefined)
    }
  }

  /** Whoever waits learns that the outcome is lost. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.tell(key, undefined)
  }

  async #begin(
    key: string,
    digest: string,
    record: Promise<string | undefined>,
  ): Promise<ReplyLookup> {
    const [state, ...rest] = await this.#ask(key, digest)
    switch (state) {
      case 'fresh':
      case 'conflict':
        return { state }
      case 'answered':
        return { state, record: String(rest[0]) }
      case 'era':
        // What was carried out before is forgotten, and clients were told that it is not.
        this.#deps.generation.learn(String(rest[0]), Number(rest[1]))
        return { state: 'started', record: Promise.resolve(undefined) }
      case 'lost':
        return { state: 'started', record: Promise.resolve(undefined) }
      default:
        return { state: 'started', record }
    }
  }

  async #ask(key: string, digest: string): Promise<readonly unknown[]> {
    const { runner, generation, node, patienceMs, waits } = this.#deps
    const asked = runner.run(BEGIN, generation.id, key, digest, node).then(listOf)
    if (patienceMs === undefined) return asked
    const reply = await waits.within(patienceMs, asked)
    if (reply) return reply
    // Nobody is going to carry it out: should it be marked as started all the same, that is undone.
    asked.then(
      ([state]) => {
        if (state === 'fresh') this.settle(key, '{}', 0).catch(() => {})
      },
      () => {},
    )
    throw unavailable()
  }

  #wait(key: string, hear: Hear): void {
    const waiting = this.#waiting.get(key) ?? new Set()
    waiting.add(hear)
    this.#waiting.set(key, waiting)
  }

  #unwait(key: string, hear: Hear): void {
    const waiting = this.#waiting.get(key)
    waiting?.delete(hear)
    if (!waiting?.size) this.#waiting.delete(key)
  }
}
