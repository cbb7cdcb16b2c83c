import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { OutgoingRequest, SendOptions } from './outgoing-request.ts'

/** Where requests outlive the page: what `outbox.storage` takes. */
export interface OutboxStorage {
  /** Begins to keep a client's requests; touches nothing before the first of its calls. */
  keep(host: OutboxHost): ClientOutbox
}

/** A client's requests, kept. */
export interface ClientOutbox {
  /** Reads what is kept; the greeting waits for it. Never rejects, and takes no longer than 5 s. */
  ready(): Promise<void>
  /** Asks a question that is kept until it is settled; rejects with `not-stored` where it cannot be. */
  send(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame>
  /** The server knows us, as this user. */
  greeted(userId: string | undefined): void
  /**
   * What is kept is ours no longer: the client has ended, or somebody else is signed in.
   *
   * @param userId who is, as far as that is known
   */
  release(userId: string | undefined): void
}

/** What keeping requests needs of the client. */
export interface OutboxHost {
  readonly clock: Clock
  /** What happens around the client; `hide` is when a page may be about to end. */
  readonly environment: { follow(listener: (event: string) => void): () => void }
  /** How many requests may wait. */
  readonly limit: number
  /** Whether the server knows us at this moment. */
  isOpen(): boolean
  /** Asks a question that is not kept. */
  send(request: OutgoingRequest, options: SendOptions): Promise<ReplyFrame>
  /** Who we were the last time. */
  identified(identity: OutboxIdentity): void
  /** A question that nobody waits for was settled. */
  settled(outcome: SettledRequest): void
  /** Takes an error that has no better destination. */
  report(error: unknown): void
}

/** Who the requests of a storage are sent as. */
export interface OutboxIdentity {
  /** Scopes de-duplication of requests for anonymous users. */
  readonly senderId: string
  /** The user who was signed in last. */
  readonly userId: string | undefined
}

/** What became of a stored request that nobody waits for any more. */
export interface SettledRequest {
  /** What was asked. */
  readonly request: OutgoingRequest
  /** The answer, where there is one. */
  readonly reply: ReplyFrame | undefined
  /** Why there is none. */
  readonly error: WirefoldError | undefined
}
