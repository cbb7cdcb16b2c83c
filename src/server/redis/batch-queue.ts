import { WirefoldError } from '../../base/errors.ts'
import type { Position } from '../../wire/frame.ts'
import { BATCH } from './history-scripts.ts'
import type { Pauses } from './pauses.ts'
import type { ScriptRunner } from './script-runner.ts'
import { isPassing, unavailable } from './unavailable.ts'

/** The most steps that wait for the batch that is under way. */
const MOST_WAITING = 1_000
/** The most steps of a batch, and about how long it may be in characters: Redis does nothing else meanwhile. */
const STEPS_PER_BATCH = 100
const UNITS_PER_BATCH = 1024 * 1024

/** Something that is to be done in its turn. */
export interface Step {
  /** Where its events stand. Rejects with `unavailable` or `closed` where it was not done. */
  readonly done: Promise<readonly Position[]>
}

interface Waiting extends Step {
  readonly args: readonly string[]
  /** How many places its part of the reply has. */
  readonly places: number
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: unknown) => void
}

/** What a {@link BatchQueue} needs. */
export interface BatchQueueParts {
  readonly runner: ScriptRunner
  readonly pauses: Pauses
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
  readonly #parts: BatchQueueParts
  #waiting: Waiting[] = []
  #number = 0
  #busy = false

  constructor(parts: BatchQueueParts) {
    this.#parts = parts
  }

  /** Adds a step. */
  push(args: readonly string[], places: number): Step {
    let settle: Pick<Waiting, 'resolve' | 'reject'> | undefined
    const done = new Promise<readonly Position[]>((resolve, reject) => {
      settle = { resolve, reject }
    })
    if (!settle) throw new TypeError('A promise runs its executor at once.')
    const step = { args, places, done, ...settle }
    if (this.#parts.pauses.closed) step.reject(closed())
    else if (this.#waiting.length >= MOST_WAITING) step.reject(unavailable())
    else {
      this.#waiting.push(step)
      if (!this.#busy) void this.#run()
    }
    return step
  }

  /** Takes a step back; false where it may have been done. */
  withdraw(step: Step): boolean {
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
    for (const { args } of this.#waiting) {
      for (const arg of args) units += arg.length
      if (count && (units > UNITS_PER_BATCH || count === STEPS_PER_BATCH)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #send(batch: readonly Waiting[]): Promise<string> {
    const { runner, pauses, node, strategy, report } = this.#parts
    this.#number += 1
    const args = [node, this.#number, strategy, ...batch.flatMap((step) => step.args)]
    for (let attempt = 0; !pauses.closed; attempt++) {
      try {
        return String((await runner.run(BATCH, ...args)) ?? '')
      } catch (error) {
        if (!isPassing(error)) {
          report(error)
          throw unavailable(error)
        }
      }
      await pauses.backoff(attempt)
    }
    throw closed()
  }
}

/** Gives every step its part of the reply. */
function hand(batch: readonly Waiting[], reply: string): void {
  const words = reply.split(' ')
  let at = 0
  for (const { places, resolve } of batch) {
    const positions: Position[] = []
    for (let n = 0; n < places; n++, at += 2) {
      positions.push({ epoch: words[at] ?? '', offset: Number(words[at + 1] ?? 0) })
    }
    resolve(positions)
  }
}

function closed(): WirefoldError {
  return new WirefoldError('closed', 'The broker is closed. Create another one.', {})
}
