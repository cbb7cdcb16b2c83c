import type { Credentials } from '../../protocol/dialect.ts'
import { asNumber, asString } from '../../protocol/fields.ts'
import { withCredentials, withQuery } from '../../protocol/url-query.ts'
import { StreamPositions } from './stream-positions.ts'

/** Time in seconds above which a time is not in seconds: pings may be in milliseconds or nanoseconds. */
const LATEST_S = 1e11

/** What a client of AnyCable keeps from one connection to the next. */
export class AnyCableMemory {
  /** The server's time at its last ping, in seconds: events up to then have arrived. */
  since: number | undefined
  /** Positions of the streams behind each subscription, by identifier. */
  readonly positions = new Map<string, StreamPositions>()
  /** The address of the present connection, without a session. */
  #address = ''
  /** The last session, by the address of its connection. */
  #session: Readonly<Record<string, string | undefined>> = {}

  /**
   * Returns the address of the next connection, with the session to restore. A session is restored without
   * asking for credentials, so only with the same ones.
   */
  url(base: string, credentials: Credentials): string {
    this.#address = withCredentials(base, credentials)
    const sid = this.#session[this.#address]
    return sid === undefined ? this.#address : withQuery(this.#address, { sid })
  }

  /** Notes the session of a welcome; forgets the last one without it. */
  welcomed(sid?: unknown): void {
    this.#session = { [this.#address]: asString(sid) }
  }

  /** Notes the server's time at a ping. */
  pinged(time: unknown): void {
    let seconds = asNumber(time, 1) ?? this.since
    while (seconds && seconds > LATEST_S) seconds /= 1000
    this.since = seconds && Math.floor(seconds)
    for (const positions of this.positions.values()) positions.settle()
  }

  /** Returns the positions of a subscription. */
  of(identifier: string): StreamPositions {
    const known = this.positions.get(identifier) ?? new StreamPositions()
    this.positions.set(identifier, known)
    return known
  }
}
