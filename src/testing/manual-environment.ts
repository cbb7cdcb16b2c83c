import type { Environment, EnvironmentEvent } from '../connection/environment.ts'
import type { ManualClock } from './manual-clock.ts'

/**
 * A platform whose events the test causes: the network comes and goes, the page is hidden, cached and
 * shown again.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { ManualClock, ManualEnvironment, ScriptedServer } from 'wirefold/testing'
 *
 * const clock = new ManualClock()
 * const { transport } = new ScriptedServer({ clock })
 * const page = new ManualEnvironment()
 * const client = new RealtimeClient(url, { environment: page, clock, transport })
 * page.emit('offline')
 * page.cache(clock, 60_000)
 */
export class ManualEnvironment implements Environment {
  /** Whether the platform reports a network; `emit` of `online` and `offline` sets it. */
  online = true
  /** The areas to log. */
  debug = ''
  readonly #listeners = new Set<(event: EnvironmentEvent) => void>()

  /** Number of clients that follow the events. */
  get followers(): number {
    return this.#listeners.size
  }

  follow(listener: (event: EnvironmentEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Causes an event. */
  emit(event: EnvironmentEvent): void {
    if (event === 'online' || event === 'offline') this.online = event === 'online'
    for (const listener of [...this.#listeners]) listener(event)
  }

  /**
   * Lets the user leave the page and come back after some time: the browser caches the page, in which
   * no timer runs meanwhile, and shows it again.
   */
  cache(clock: ManualClock, ms: number): void {
    this.emit('hide')
    clock.sleep(ms)
    this.emit('show')
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ManualEnvironment'
  }
}
