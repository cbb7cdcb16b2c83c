import type { Cancel } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import { loggable } from '../../base/logger.ts'
import type { CheckCounts } from '../../ports/client-checks.ts'
import type { CheckedClient } from '../../ports/contract-port.ts'
import type { InvalidValue } from '../../ports/contract-rules.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import { placesOf } from './places-of.ts'

/** Time in which a channel has one error and one gap at most, in milliseconds. */
const ONCE_IN_MS = 1_000

/** The counters in writable form. */
export type Counts = { -readonly [Name in keyof CheckCounts]: number }

/**
 * Withholds events that do not fit the contract. The first of a channel is an error and a gap, after
 * which bound state is fetched anew; those of the next second are one more gap together.
 */
export class Quarantine {
  readonly #client: CheckedClient
  readonly #counts: Counts
  readonly #pass: (event: EventFrame) => void
  /** The channels that had a bad event in the last second. */
  readonly #recent = new Map<string, Recent>()

  /** @param pass passes an event on to the channels */
  constructor(client: CheckedClient, counts: Counts, pass: (event: EventFrame) => void) {
    this.#client = client
    this.#counts = counts
    this.#pass = pass
  }

  /** Counts a bad event, and returns it as the channels get it. */
  add(event: EventFrame, { issues, paths }: InvalidValue): EventFrame {
    const { channel, type, offset } = event
    this.#counts.quarantined++
    const recent = this.#recent.get(channel)
    if (recent) {
      recent.last = event
      return { ...event, withheld: '' }
    }
    this.#begin(channel)
    const message = `The event ${loggable(type)} of ${loggable(channel)} does not fit the contract${placesOf(paths)}. No handler got it. See the detail.`
    this.#client.report(new WirefoldError('bad-event', message, { channel, type, offset, issues }))
    return { ...event, withheld: 'bad-event' }
  }

  /** Ends the timers. */
  end(): void {
    for (const { cancel } of this.#recent.values()) cancel()
    this.#recent.clear()
  }

  #begin(channel: string): void {
    const cancel = this.#client.clock.after(ONCE_IN_MS, () => {
      const last = this.#recent.get(channel)?.last
      this.#recent.delete(channel)
      if (!last) return
      this.#begin(channel)
      // Without an offset it is a gap and nothing else: its position has been passed.
      this.#pass({ ...last, offset: undefined, withheld: 'bad-event' })
    })
    this.#recent.set(channel, { cancel, last: undefined })
  }
}

interface Recent {
  readonly cancel: Cancel
  /** The last bad event after the first. */
  last: EventFrame | undefined
}
