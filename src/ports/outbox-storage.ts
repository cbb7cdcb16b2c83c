import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Readable, Writable } from '../base/store.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { ConnectionState } from './connection-state.ts'
import type {
  OutgoingRequest,
  SendingTime,
  SendOptions,
  StorableMutation,
} from './outgoing-request.ts'

/** A storage that keeps requests when the page ends; the value of `outbox.storage`. */
export interface OutboxStorage {
  /**
   * Opens the outbox of a client; the storage is not accessed before the first call on it.
   *
   * @param limit maximum number of waiting requests
   */
  keep(host: OutboxHost, limit: number): ClientOutbox
}

/** The stored requests of a client. */
export interface ClientOutbox {
  /** Reads the stored requests; the greeting waits for it. Never rejects, and takes at most 5 s. */
  ready(): Promise<void>
  /**
   * Sends a request that is stored until it is settled; rejects with `not-stored` if it cannot be.
   */
  send(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame>
  /** Handles a welcome of the server, as this user. */
  greeted(userId: string | undefined): void
  /**
   * Releases the stored requests: the client has ended, or another user is signed in.
   *
   * @param userId the user who is signed in now, if known
   */
  release(userId: string | undefined): void
}

/** A mutation of an earlier client whose stored request this client sends. */
export interface RestoredMutation extends StorableMutation {
  /** The id of the event that it causes. */
  readonly id: string
  /** Settles with the reply; rejects where the request does. */
  readonly reply: Promise<ReplyFrame>
}

/** The part of a client that its outbox uses. */
export interface OutboxHost {
  /** Scope of deduplication for anonymous users. */
  senderId: string | undefined
  /** The user who is signed in, or was last. */
  userId: string | undefined
  /** Clock of the client. */
  readonly clock: Clock
  /** Clock of the client that goes on while the machine sleeps: for deadlines and ages; with the time of the server. */
  readonly serverClock: Clock & { readonly present: SendingTime }
  /** Events of the environment; `hide` means that the page may be about to end. */
  readonly environment: { follow(listener: (event: string) => void): () => void }
  /** State of the connection. */
  readonly state: Readable<ConnectionState>
  /** The mutations of earlier clients whose stored requests this client sends, oldest first. */
  readonly restored: Writable<readonly RestoredMutation[]>
  /** The outcomes of stored requests that no caller waits for. */
  readonly events: {
    listens(event: 'settled'): boolean
    emit(event: 'settled', outcome: SettledRequest): void
  }
  /** Sends a request without storing it. */
  sendNow(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame>
  /** Reports an error that has no other destination. */
  report(error: unknown): void
}

/** The identity under which stored requests are sent. */
export interface OutboxIdentity {
  /** Scope of deduplication for anonymous users. */
  readonly senderId: string
  /** The user who was signed in last. */
  readonly userId: string | undefined
}

/** Outcome of a stored request that no caller waits for any more. */
export interface SettledRequest {
  /** The stored request. */
  readonly request: OutgoingRequest
  /** The reply, if there is one. */
  readonly reply: ReplyFrame | undefined
  /** The reason why there is no reply. */
  readonly error: WirefoldError | undefined
}
