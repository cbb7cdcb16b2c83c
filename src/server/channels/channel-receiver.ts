import type { Position } from '../../protocol/frame.ts'
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
  /**
   * Returns the texts with the state of a channel, which every subscribe sends after its reply and
   * before the live events. Rejects with the error that refuses the subscribe. Without it, only
   * presence channels have a state.
   */
  readonly snapshot?:
    | ((channel: string, about: SnapshotRequest) => Promise<readonly string[]>)
    | undefined
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

/** The subscribe that a snapshot belongs to. */
export interface SnapshotRequest {
  /** Id of the subscribe, if it has one. */
  readonly requestId: string | undefined
  /** The beginning of the past that the receiver may read; `undefined` if it may read all. */
  readonly since: Date | Position | undefined
}
