import type { Rate, RateStore } from '../broker/rate-store.ts'
import type { CancellableWaits } from './connection/cancellable-waits.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { isPassing } from './connection/unavailable.ts'
import { TAKE } from './scripts/rate.ts'

/** Time to wait for Redis, in milliseconds. */
const PATIENCE_MS = 1_000
/** Maximum numbers of keys in one call, and waiting for the next. */
const KEYS_PER_CALL = 500
const MAX_WAITING = 10_000

/**
 * A rate store in Redis. One call is in flight at a time; the tokens taken meanwhile are summed by
 * key for the next call, so that a message does not cost a round trip.
 *
 * While Redis does not reply, everything is allowed; the limits of each connection still apply.
 */
export class RedisRates implements RateStore {
  readonly #deps: RedisRatesDeps
  readonly #waiting = new Map<string, Taking>()
  #busy = false

  constructor(deps: RedisRatesDeps) {
    this.#deps = deps
  }

  take(key: string, count: number, rate: Rate): number | Promise<number> {
    // Tokens that must be taken are not summed with those that may be refused.
    const bucket = rate.debt ? `debt ${key}` : `take ${key}`
    const known = this.#waiting.get(bucket)
    if (known) {
      known.count += count
      return known.waitMs
    }
    if (this.#waiting.size >= MAX_WAITING || this.#deps.waits.closed) return 0
    let settle: Taking['settle'] = () => {}
    const waitMs = new Promise<number>((resolve) => {
      settle = resolve
    })
    this.#waiting.set(bucket, { key, rate, count, waitMs, settle })
    if (!this.#busy) void this.#run()
    return waitMs
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#waiting.size) {
      const part = [...this.#waiting].slice(0, KEYS_PER_CALL)
      for (const [bucket] of part) this.#waiting.delete(bucket)
      const waits = await this.#send(part)
      for (const [at, [, { settle }]] of part.entries()) settle(Number(waits[at] ?? 0))
    }
    this.#busy = false
  }

  async #send(part: readonly (readonly [string, Taking])[]): Promise<readonly string[]> {
    const { runner, waits, report } = this.#deps
    const words = part.flatMap(([, { key, count, rate }]) => {
      return [key, count, rate.perSecond, rate.burst, rate.debt ? 1 : 0]
    })
    try {
      const reply = await waits.within(PATIENCE_MS, runner.run(TAKE, ...words))
      return reply === undefined ? [] : String(reply).split(' ')
    } catch (error) {
      if (!isPassing(error)) report(error)
      return []
    }
  }
}

/** Dependencies of {@link RedisRates}. */
export interface RedisRatesDeps {
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  readonly report: (error: unknown) => void
}

interface Taking {
  readonly key: string
  readonly rate: Rate
  count: number
  readonly waitMs: Promise<number>
  readonly settle: (waitMs: number) => void
}
