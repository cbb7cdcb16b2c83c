import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { User } from '../access/hooks.ts'

/** Somebody who subscribes to channels and is told of their events. */
export interface ChannelReceiver {
  /** What the log calls it. */
  readonly id?: string
  /** What it is spoken to in. */
  readonly dialect: ServerDialect
  /** Who it is; `null` for nobody in particular. */
  readonly user: User | null
  /** Sends a text; must not throw. */
  send(text: string): void
  /**
   * Sends the text of a live event, or withholds it from a receiver that does not keep up and learns
   * of that otherwise; must not throw. Without it, all events are sent.
   */
  offer?(text: string): void
  /**
   * Resolves once the receiver keeps up again, or is gone, `undefined` where it does keep up: what it
   * missed is told no faster.
   */
  drained?(): Promise<void> | undefined
  /**
   * Runs the subscribes and unsubscribes of the receiver one by one, in order with other steps that
   * the receiver adds itself. Without it, the channels make a queue for the receiver.
   */
  readonly queue?: {
    /** Runs a step after those before it; settles once it is done, and never rejects. */
    add(step: () => void | Promise<void>): Promise<void>
    /** Settles once all steps so far are done; `undefined` where none is left. */
    readonly done: Promise<void> | undefined
  }
}
