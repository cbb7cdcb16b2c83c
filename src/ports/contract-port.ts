import type { Clock } from '../base/clock.ts'
import type { Frame } from '../protocol/frame.ts'
import type { CheckOptions, ClientChecks, ContractDifference } from './client-checks.ts'
import type { ClientExtension } from './client-port.ts'
import type { ContractRules } from './contract-rules.ts'

/** The part of a contract that clients and servers use at run time. */
export interface ContractPort {
  /** A short hash of the contract; `undefined` where there is nothing to hash. */
  readonly fingerprint: string | undefined
  /** The checks of the contract; `undefined` for a contract of types alone. */
  readonly rules: ContractRules | undefined
  /** Starts the checks of a client, until it ends. */
  join(client: CheckedClient, options: JoinOptions): ClientChecks
}

/** The options of a client that its checks use. */
export interface JoinOptions extends CheckOptions {
  /** Time limit of a request, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** The part of a client that the checks use. */
export interface CheckedClient {
  /** Clock of the client. */
  readonly clock: Clock
  /** Emits the difference of two contracts as event of the client. */
  readonly events: { emit(event: 'contract', difference: ContractDifference): void }
  /** Reports an error that has no other destination. */
  report(error: unknown): void
  /** Adds an extension to the client. */
  join(extension: ClientExtension): () => void
  /** Passes a frame to the extensions. */
  frame(frame: Frame): void
}
