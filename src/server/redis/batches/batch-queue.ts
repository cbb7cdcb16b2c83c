import type { ResolvedHistoryLimits } from '../../broker/history-limits.ts'
import type { ResolvedReplyLimits } from '../../broker/reply-limits.ts'
import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import { MAX_REFUSALS } from '../connection/cancellable-waits.ts'
import type { Confirmation } from '../connection/confirmation.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { closed, isErrorReply, isPassing, unavailable } from '../connection/unavailable.ts'
import { BATCH } from '../scripts/batch.ts'

/** Maximum number of steps that wait while a batch is in flight. */
const MAX_WAITING = 1_000
/** Limits of a batch, in steps and UTF-16 units: Redis runs nothing else during a script. */
const STEPS_PER_BATCH = 100
const UNITS_PER_BATCH = 1024 * 1024

/**
 * The queue of this process's writes to Redis. One batch is in flight at a time; the next one takes
 * the steps that were added meanwhile.
 *
 * A batch without a reply is sent again until there is one. Batches are numbered, and Redis runs
 * each number once, even if several copies arrive, or arrive late. A batch that Redis answers by an
 * error each time has not run, and is given up after a few attempts.
 */
export class BatchQueue {
  readonly #deps: BatchQueueDeps
  #waiting: Waiting[] = []
  #number = 0
  #busy = false

  constructor(deps: BatchQueueDeps) {
    this.#deps = deps
  }

  /** Adds a step; its arguments are described at {@link BATCH}. */
  push(words: readonly string[]): BatchStep {
    let settle: Pick<Waiting, 'resolve' | 'reject'> | undefined
    const done = new Promise<string>((resolve, reject) => {
      settle = { resolve, reject }
    })
    if (!settle) throw new TypeError('The promise executor did not run synchronously.')
    const step = { words, done, ...settle }
    if (this.#deps.waits.closed) step.reject(closed())
    else if (this.#waiting.length >= MAX_WAITING) step.reject(unavailable())
    else {
      this.#waiting.push(step)
      if (!this.#busy) void this.#run()
    }
    return step
  }

  /** Removes a waiting step; false if it may already have run. */
  withdraw(step: BatchStep): boolean {
    const left = this.#waiting.filter((waiting) => waiting !== step)
    const found = left.length < this.#waiting.length
    this.#waiting = left
    return found
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length) {
      const pause = this.#deps.pace()
      if (pause) await pause
      const batch = this.#take()
      try {
        resolveSteps(batch, await this.#send(batch))
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#busy = false
  }

  #take(): readonly Waiting[] {
    let units = 0
    let count = 0
    for (const { words } of this.#waiting) {
      for (const word of words) units += word.length
      if (count && (units > UNITS_PER_BATCH || count === STEPS_PER_BATCH)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #send(batch: readonly Waiting[]): Promise<string> {
    const { runner, waits, node, strategy, history, replies, confirmation, report } = this.#deps
    const { keepMs, channelBytes, totalBytes } = history
    this.#number += 1
    const steps = batch.flatMap(({ words }) => [words.length, ...words])
    const limits = [keepMs, channelBytes, totalBytes, replies.userBytes, replies.totalBytes]
    const args = [node, this.#number, strategy, ...limits, ...steps]
    // Whether each attempt was answered by an error, so that the batch has certainly not run.
    let refused = true
    for (let attempt = 1; !waits.closed; attempt++) {
      const sentAt = confirmation.now()
      try {
        const reply = String((await runner.run(BATCH, ...args)) ?? '')
        const end = reply.indexOf('\n')
        if (end > 0) confirmation.learn(reply.slice(0, end), sentAt)
        return reply.slice(end + 1)
      } catch (error) {
        if (waits.closed) break
        refused &&= isErrorReply(error)
        if (!isPassing(error) || (refused && attempt === MAX_REFUSALS)) {
          report(error)
          throw unavailable(error)
        }
      }
      await waits.backoff(attempt - 1)
    }
    throw closed()
  }
}

/** A step of a batch. */
export interface BatchStep {
  /** The reply to the step; rejects with `unavailable` or `closed` if the step did not run. */
  readonly done: Promise<string>
}

/** Dependencies of a {@link BatchQueue}. */
export interface BatchQueueDeps {
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  readonly confirmation: Confirmation
  /** The id of this process; batch numbers are counted per node. */
  readonly node: string
  readonly strategy: string
  readonly history: ResolvedHistoryLimits
  readonly replies: ResolvedReplyLimits
  /** Returns a promise that resolves when the next batch may be sent, or nothing if it may now. */
  readonly pace: () => Promise<unknown> | undefined
  readonly report: (error: unknown) => void
}

interface Waiting extends BatchStep {
  readonly words: readonly string[]
  readonly resolve: (reply: string) => void
  readonly reject: (error: unknown) => void
}

/** Resolves every step with its line of the reply. */
function resolveSteps(batch: readonly Waiting[], reply: string): void {
  const lines = reply.split('\n')
  for (const [at, { resolve }] of batch.entries()) resolve(lines[at] ?? '')
}
