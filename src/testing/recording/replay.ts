import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { withDefaults } from '../../base/known-names.ts'
import type { Transport, TransportFactory, TransportHandlers } from '../../ports/transport.ts'
import { isHeartbeat } from './heartbeats.ts'
import type { RecordedLine } from './recorded-line.ts'
import { linesOf } from './recorded-line.ts'
import { Renames } from './renames.ts'
import { ReplayedConnection } from './replayed-connection.ts'

/**
 * Returns a transport that plays the server of a session recorded by {@link record}: each of its
 * messages comes after what the client had sent before it, with the recorded delay. What the client
 * sends is compared with the recording; {@link Replay.check} throws the first difference.
 *
 * The client may call the same things anew: other ids and times are no difference, and the server's
 * messages carry the ids of this run. Heartbeats are answered whenever the client sends them.
 *
 * @example
 * import { readFile } from 'node:fs/promises'
 * import { RealtimeClient } from 'wirefold'
 * import { ManualClock, replay } from 'wirefold/testing'
 *
 * const clock = new ManualClock()
 * const session = replay(await readFile('session.jsonl', 'utf8'), { clock })
 * const client = new RealtimeClient(url, { transport: session, clock })
 * const cancelled = client.request('order:cancel', { id: '17' })
 * await clock.advance(session.lengthMs)
 * await cancelled
 * session.check()
 */
export function replay(jsonl: string, options: ReplayOptions = {}): Replay {
  return new Replay(jsonl, options)
}

/** A transport that plays a recorded session, made by {@link replay}. */
export class Replay implements TransportFactory {
  /** Name of the transport in logs. */
  readonly name = 'replay'
  /** Time from the first to the last step of the recording, in milliseconds. */
  readonly lengthMs: number
  readonly #clock: Clock
  readonly #volatile: RegExp
  readonly #skips: (message: unknown) => boolean
  readonly #steps = new Map<number, RecordedLine[]>()
  readonly #connections: ReplayedConnection[] = []
  readonly #renames = new Renames()
  #failure: string | undefined

  /** Creates a replay of the lines of a recording, as {@link replay} does. */
  constructor(jsonl: string, options: ReplayOptions = {}) {
    const { clock, volatile, skip } = withDefaults('replay', options, {
      ...{ clock: systemClock, volatile: VOLATILE, skip: isHeartbeat },
    })
    this.#clock = clock
    this.#volatile = volatile
    this.#skips = skip
    const lines = linesOf(jsonl)
    for (const line of lines) {
      const steps = this.#steps.get(line.n)
      if (steps) steps.push(line)
      else this.#steps.set(line.n, [line])
    }
    this.lengthMs = (lines.at(-1)?.at ?? 0) - (lines[0]?.at ?? 0)
  }

  open(_url: string, _protocols: readonly string[], handlers: TransportHandlers): Transport {
    const n = this.#connections.length + 1
    const steps = this.#steps.get(n)
    // A difference on this connection would only be a consequence of that on the one before.
    const { missing } = this.#connections.at(-1) ?? {}
    if (missing !== undefined) this.#fail(missing)
    if (!steps) this.#fail(`The client opened connection ${n}; the recording has ${n - 1}.`)
    const connection = new ReplayedConnection({
      ...{ n, handlers, steps: steps ?? [] },
      clock: this.#clock,
      volatile: this.#volatile,
      skips: this.#skips,
      renames: this.#renames,
      fail: (failure) => this.#fail(failure),
    })
    this.#connections.push(connection)
    connection.play()
    return connection.near
  }

  /**
   * Throws if the client sent anything else than in the recording, or if a part of the recording was not
   * played.
   */
  check(): void {
    if (this.#failure !== undefined) throw new Error(this.#failure)
    for (const connection of this.#connections) {
      const { missing } = connection
      if (missing !== undefined) throw new Error(missing)
    }
    const [opened, all] = [this.#connections.length, this.#steps.size]
    if (opened < all) {
      throw new Error(`The client opened ${opened} of the ${all} connections of the recording.`)
    }
  }

  #fail(failure: string): void {
    this.#failure ??= failure
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'Replay'
  }
}

/** Options of {@link replay}. */
export interface ReplayOptions {
  /**
   * The clock of the delays; a `ManualClock` plays in virtual time.
   * @default the platform's
   */
  readonly clock?: Clock
  /**
   * Matches the names of fields whose numbers and texts differ from run to run: times, generated ids, and
   * credentials, which `redact` may have removed. A text of less than 8 characters in a field whose name
   * ends in `id` is compared all the same: an application chooses such ids.
   * @default names that are or end in `id`, `ts`, `time`, `timestamp`, `token`, `At`
   */
  readonly volatile?: RegExp
  /**
   * Whether a message of the client is neither compared nor waited for.
   * @default whether it is a heartbeat: these are answered with the recorded delay at any time
   */
  readonly skip?: (message: unknown) => boolean
}

const VOLATILE = /(^|_)(id|ts|time|timestamp|token)$|(Id|Ts|Time|Timestamp|Token|At)$/
