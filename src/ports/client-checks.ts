import type { RequestOptions } from './outgoing-request.ts'

/** The checks of a contract for one client. */
export interface ClientChecks {
  /** The contract's own fingerprint, for the greeting. */
  readonly fingerprint: string | undefined
  /** Numbers of the events and replies that did not fit the contract. */
  readonly counts: CheckCounts
  /** Throws `bad-channel` if the contract does not list a channel. */
  channel(name: string): void
  /**
   * Starts anew with a channel that is subscribed to from the beginning: drops the events that wait for
   * their schemas. Throws `bad-channel` as {@link channel} does.
   */
  restart(name: string): void
  /** Throws `bad-channel` if the contract does not list a resource. */
  resource(name: string): void
  /**
   * Returns the output of the schema of a reply; a promise if the schema returns one. Throws, or rejects
   * with, `bad-reply`; rejects with `aborted` or `request-timeout` where the signal or the time limit of
   * the request comes before the schema decides.
   */
  reply(request: RepliedRequest, payload: unknown, options: RequestOptions): unknown
}

/** A request whose reply has come. */
export interface RepliedRequest {
  /** Type of the request. */
  readonly type: string
  /** Id of the request. */
  readonly requestId: string
  /** Time at which the request was made, in milliseconds, by the clock's `now()`. */
  readonly since: number
}

/** Numbers of the events and replies that did not fit a contract. */
export interface CheckCounts {
  /** Events whose payload did not fit its schema; no handler got them. */
  readonly quarantined: number
  /** Events and replies whose type the contract does not have; no handler got these events. */
  readonly unlisted: number
}

/** Options by which a client applies its contract. */
export interface CheckOptions {
  /**
   * Whether payloads are checked against the schemas of the contract: `always` here and by the server,
   * `server` by the server alone, `never` not even by types of events.
   * @default 'server'
   */
  readonly validate?: Validate | undefined
  /**
   * Whether channels and resources that the contract does not list are allowed.
   * @default 'refuse'
   */
  readonly unlisted?: 'allow' | 'refuse' | undefined
}

/** The sides that check payloads against the schemas of a contract. */
export type Validate = 'always' | 'server' | 'never'

/** The fingerprints of a client and a server whose contracts differ. */
export interface ContractDifference {
  /** Fingerprint of the client's contract. */
  readonly client: string
  /** Fingerprint of the server's contract. */
  readonly server: string
}
