import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { User } from '../access/hooks.ts'

/** A subscriber of channels, usually one connection. */
export interface ChannelReceiver {
  /** Name of the receiver in the log. */
  readonly id?: string
  /** Dialect used to encode frames for this receiver. */
  readonly dialect: ServerDialect
  /** User of the receiver; `null` if anonymous. */
  readonly user: User | null
  /**
   * Key in the shared rates of the user, address or connection for which its reads of presence
   * count; without it, they are not limited.
   */
  readonly countsFor?: string | undefined
  /** Sends a text; must not throw. */
  send(text: string): void
  /**
   * Sends the text of a live event, or withholds it if the receiver is slow; the sender then
   * has to report the gap in another way. Must not throw. Without it, all events are sent.
   */
  offer?(text: string): void
  /** Called if events may be missing of a receiver whose dialect has no recovery. Must not throw. */
  missed?(): void
  /**
   * Resolves once a slow receiver has caught up or is gone; `undefined` if it is not slow. Missed
   * events are replayed at this pace.
   */
  drained?(): Promise<void> | undefined
  /**
   * Queue for the subscribes and unsubscribes of the receiver, in order with steps of its own.
   * Without it, the `ChannelManager` creates one.
   */
  readonly queue?: {
    /** Runs a step after the earlier ones; settles once it is done, and never rejects. */
    add(step: () => void | Promise<void>): Promise<void>
    /** Promise that settles once all steps so far are done; `undefined` if none is left. */
    readonly done: Promise<void> | undefined
  }
}
