import type { Rate, RateStore } from '../broker/rate-store.ts'
import type { CancellableWaits } from './cancellable-waits.ts'
import type { ScriptRunner } from './connection/script-runner.ts'
import { isPassing } from './connection/unavailable.ts'
import { TAKE } from './scripts/rate.ts'

/** How long to wait for Redis, in milliseconds. */
const PATIENCE_MS = 1_000
/** The most keys asked about in one step, and waiting for the next. */
const KEYS_PER_CALL = 500
const MOST_WAITING = 10_000

/** What {@link RedisRates} needs. */
export interface RedisRatesDeps {
  readonly runner: ScriptRunner
  readonly waits: CancellableWaits
  readonly report: (error: unknown) => void
}

interface Taking {
  readonly rate: Rate
  count: number
  readonly waitMs: Promise<number>
  readonly settle: (waitMs: number) => void
}

/**
 * Rates in Redis. One step is under way at a time, and what is taken meanwhile is the next one's, added
 * up by key: a message costs no round trip of its own.
 *
 * While Redis does not answer everything is allowed: connections still have their own limits.
 */
export class RedisRates implements RateStore {
  readonly #deps: RedisRatesDeps
  readonly #waiting = new Map<string, Taking>()
  #busy = false

  constructor(deps: RedisRatesDeps) {
    this.#deps = deps
  }

  take(key: string, count: number, rate: Rate): number | Promise<number> {
    const known = this.#waiting.get(key)
    if (known) {
      known.count += count
      return known.waitMs
    }
    if (this.#waiting.size >= MOST_WAITING || this.#deps.waits.closed) return 0
    let settle: Taking['settle'] = () => {}
    const waitMs = new Promise<number>((resolve) => {
      settle = resolve
    })
    this.#waiting.set(key, { rate, count, waitMs, settle })
    if (!this.#busy) void this.#run()
    return waitMs
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#waiting.size) {
      const part = [...this.#waiting].slice(0, KEYS_PER_CALL)
      for (const [key] of part) this.#waiting.delete(key)
      const waits = await this.#ask(part)
      for (const [at, [, { settle }]] of part.entries()) settle(Number(waits[at] ?? 0))
    }
    this.#busy = false
  }

  async #ask(part: readonly (readonly [string, Taking])[]): Promise<readonly string[]> {
    const { runner, waits, report } = this.#deps
    const words = part.flatMap(([key, { count, rate }]) => [key, count, rate.perSecond, rate.burst])
    try {
      const reply = await waits.within(PATIENCE_MS, runner.run(TAKE, ...words))
      return reply === undefined ? [] : String(reply).split(' ')
    } catch (error) {
      if (!isPassing(error)) report(error)
      return []
    }
  }
}
