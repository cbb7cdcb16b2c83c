import { WirefoldError } from '../../base/errors.ts'
import type { CancellableWaits } from './cancellable-waits.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { isPassing, unavailable } from './connection/unavailable.ts'
import { BATCH } from './scripts/batch.ts'

/** The most steps that wait for the batch that is under way. */
const MOST_WAITING = 1_000
/** The most steps of a batch, and about how long it may be in characters: Redis does nothing else meanwhile. */
const STEPS_PER_BATCH = 100
const UNITS_PER_BATCH = 1024 * 1024

/** Something that is to be done in its turn. */
export interface BatchStep {
  /** What it came to; see `batch-script.ts`. Rejects with `unavailable` or `closed` where it was not done. */
  readonly done: Promise<string>
}

interface Waiting extends BatchStep {
  readonly words: readonly string[]
  readonly resolve: (reply: string) => void
  readonly reject: (error: unknown) => void
}

/** What a {@link BatchQueue} needs. */
export interface BatchQueueDeps {
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  /** The id of this process: what makes its numbers its own. */
  readonly node: string
  readonly strategy: string
  readonly report: (error: unknown) => void
}

/**
 * Everything this process adds to Redis, in order: one batch is under way at a time, and the next takes
 * what has come meanwhile.
 *
 * A batch of which no answer came is sent again, for as long as it takes. Batches are numbered, and
 * Redis carries each out once: no matter which of its copies arrive, and when.
 */
export class BatchQueue {
  readonly #deps: BatchQueueDeps
  #waiting: Waiting[] = []
  #number = 0
  #busy = false

  constructor(deps: BatchQueueDeps) {
    this.#deps = deps
  }

  /** Adds a step. */
  push(words: readonly string[]): BatchStep {
    let settle: Pick<Waiting, 'resolve' | 'reject'> | undefined
    const done = new Promise<string>((resolve, reject) => {
      settle = { resolve, reject }
    })
    if (!settle) throw new TypeError('A promise runs its executor at once.')
    const step = { words, done, ...settle }
    if (this.#deps.waits.closed) step.reject(closed())
    else if (this.#waiting.length >= MOST_WAITING) step.reject(unavailable())
    else {
      this.#waiting.push(step)
      if (!this.#busy) void this.#run()
    }
    return step
  }

  /** Takes a step back; false where it may have been done. */
  withdraw(step: BatchStep): boolean {
    const left = this.#waiting.filter((waiting) => waiting !== step)
    const found = left.length < this.#waiting.length
    this.#waiting = left
    return found
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length) {
      const batch = this.#take()
      try {
        hand(batch, await this.#send(batch))
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
    const { runner, waits, node, strategy, report } = this.#deps
    this.#number += 1
    const steps = batch.flatMap(({ words }) => [words.length, ...words])
    const args = [node, this.#number, strategy, ...steps]
    for (let attempt = 0; !waits.closed; attempt++) {
      try {
        return String((await runner.run(BATCH, ...args)) ?? '')
      } catch (error) {
        if (!isPassing(error)) {
          report(error)
          throw unavailable(error)
        }
      }
      await waits.backoff(attempt)
    }
    throw closed()
  }
}

/** Gives every step its part of the reply. */
function hand(batch: readonly Waiting[], reply: string): void {
  const lines = reply.split('\n')
  for (const [at, { resolve }] of batch.entries()) resolve(lines[at] ?? '')
}

function closed(): WirefoldError {
  return new WirefoldError('closed', 'The broker is closed. Create another one.', {})
}
