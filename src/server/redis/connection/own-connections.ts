import { systemClock } from '../../../base/clock.ts'
import { CancellableWaits } from './cancellable-waits.ts'
import { OwnConnection } from './own-connection.ts'
import type { RedisConnector } from './redis-connection.ts'

/** Maximum duration of the last command of a broker, in milliseconds. */
const LAST_COMMAND_MS = 1_000

/**
 * The connections of a broker. Where one of them led to a replica, or to a Redis that does not
 * reply, all are opened anew: the others lead to the same server.
 */
export class OwnConnections {
  readonly general: OwnConnection
  readonly subscriber: OwnConnection
  /** For blocking reads; `undefined` with `pub-sub`. */
  readonly blocking: OwnConnection | undefined
  /** By the platform's clock: Redis, and the network to it, keep real time. */
  readonly #waits = new CancellableWaits(systemClock)

  constructor({ connector, blocking, onReopened, report }: OwnConnectionsDeps) {
    const make = (onOpen: () => void): OwnConnection => {
      const connection: OwnConnection = new OwnConnection({
        connector,
        waits: this.#waits,
        onReopened: onOpen,
        onWrongServer: () => {
          for (const other of this.#all()) if (other !== connection) other.reopen()
        },
        report,
      })
      return connection
    }
    this.general = make(onReopened)
    this.subscriber = make(onReopened)
    // The reader continues at its positions, and checks them after a failed read.
    this.blocking = blocking ? make(() => {}) : undefined
  }

  /** Opens all connections; rejects if Redis cannot be reached. */
  async start(): Promise<void> {
    await Promise.all(this.#all().map((connection) => connection.start()))
  }

  /** Sends a last command, and closes all connections once Redis has replied, or after a second. */
  async close(command: readonly string[]): Promise<void> {
    this.subscriber.close()
    this.blocking?.close()
    const sent = this.general.command(() => command)
    await this.#waits.within(LAST_COMMAND_MS, sent).catch(() => {})
    this.#waits.close()
    this.general.close()
  }

  #all(): readonly OwnConnection[] {
    const { general, subscriber, blocking } = this
    return blocking ? [general, subscriber, blocking] : [general, subscriber]
  }
}

/** Dependencies of {@link OwnConnections}. */
export interface OwnConnectionsDeps {
  readonly connector: RedisConnector
  /** Whether a connection for blocking reads is needed. */
  readonly blocking: boolean
  /**
   * Called after a reconnect of the general or the subscriber connection: messages of the meantime
   * did not arrive, and Redis may have lost data.
   */
  readonly onReopened: () => void
  readonly report: (error: unknown) => void
}
