import type { ContractIssue } from '../base/errors.ts'

/** The checks of a contract with schemas, for a server or a client. */
export interface ContractRules {
  /**
   * Whether the contract has a channel, or members of a family such as `agent:*`; always, where it
   * lists no channels, and for the channels of the protocol: `user:…` and `presence:…`.
   */
  lists(channel: string): boolean
  /** Returns the template that counts for a channel; `undefined` where none fits. */
  templateOf(channel: string): string | undefined
  /** Whether the contract has a resource; always, where it lists no presence. */
  listsResource(resource: string): boolean
  /** Whether the contract has a type of events of a channel; always, where it has no template of it. */
  listsType(channel: string, type: string): boolean
  /** Checks the payload of an event by the template of its channel. */
  checkEvent(channel: string, type: string, payload: unknown): Verdict | Promise<Verdict>
  /** Checks the payload of a request. */
  checkRequest(type: string, payload: unknown): Verdict | Promise<Verdict>
  /** Checks the reply to a request. */
  checkReply(type: string, reply: unknown): Verdict | Promise<Verdict>
  /** Checks the meta of a user who is present at a resource. */
  checkMeta(resource: string, meta: unknown): Verdict | Promise<Verdict>
}

/**
 * The result of a check: the output of the schema, or the issues of the value. A check returns a
 * promise only where the schema does: promises are most of the cost of a message.
 */
export type Verdict = ValidValue | InvalidValue

/** The result of a check for a value that fits its schema, or that has none. */
export interface ValidValue {
  /** The value that the schema returned; the checked value where there is no schema. */
  readonly value: unknown
  /** Missing, which discriminates the results. */
  readonly issues?: undefined
  /** Set where the contract does not have the type of the event or request. */
  readonly unlisted?: true
}

/** The result of a check for a value that does not fit its schema. */
export interface InvalidValue {
  /** All issues. Their messages may contain the value, so they are not for the peer. */
  readonly issues: readonly ContractIssue[]
  /** The paths of the first issues: bounded, and without messages, so that they may be sent. */
  readonly paths: readonly IssuePath[]
}

/** The place of an issue within a value. */
export type IssuePath = readonly (string | number)[]
