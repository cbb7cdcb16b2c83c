import type { ContractRules } from './contract-rules.ts'

/** What the client and the server use of a contract when they run. */
export interface ContractPort {
  /** A short hash of the contract; `undefined` where there is nothing to hash. */
  readonly fingerprint: string | undefined
  /** What it checks; `undefined` for a contract of types alone. */
  readonly rules: ContractRules | undefined
}
