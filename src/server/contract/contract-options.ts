import { badOption, type WirefoldError } from '../../base/errors.ts'
import type { Untyped } from '../../contract/contract-types.ts'

/** Options of a server that has a contract. */
export interface ServerContractOptions<C extends Untyped = Untyped> {
  /**
   * The contract that the server shares with its clients: it types the server, and its schemas check
   * what clients send and what the server publishes and replies.
   * @default none
   */
  readonly contract?: C | undefined
  /**
   * Whether the schemas of the contract check values: `always` and `server` do on a server, `never`
   * trusts all. Names are checked either way.
   * @default 'server'
   */
  readonly validate?: 'always' | 'server' | 'never' | undefined
  /**
   * Treatment of channels and resources that the contract does not list, where it lists any: `refuse`
   * them with `bad-channel`, or `allow` them without a check. `user:…` and `presence:…` need not be
   * listed.
   * @default 'refuse'
   */
  readonly unlisted?: 'refuse' | 'allow' | undefined
}

/** Default values of the options. */
export const contractDefaults = { validate: 'server', unlisted: 'refuse' } as const

/** Options with the defaults filled in. */
export interface ResolvedContract {
  readonly contract: Untyped | undefined
  readonly validate: NonNullable<ServerContractOptions['validate']>
  readonly unlisted: NonNullable<ServerContractOptions['unlisted']>
}

/** Fills in the defaults. Throws `bad-option` for a value that an option does not take. */
export function resolveContract(options: ServerContractOptions): ResolvedContract {
  const { contract } = options
  const validate = options.validate ?? contractDefaults.validate
  const unlisted = options.unlisted ?? contractDefaults.unlisted
  if (contract !== undefined && !contract?.['~wirefold']) {
    throw unusable('contract', 'is not a contract. Give the result of contract()')
  }
  if (!['always', 'server', 'never'].includes(validate)) {
    throw unusable('validate', "is none of 'always', 'server', 'never'. Use one of them")
  }
  if (!['refuse', 'allow'].includes(unlisted)) {
    throw unusable('unlisted', "is none of 'refuse', 'allow'. Use one of them")
  }
  return { contract, validate, unlisted }
}

function unusable(option: string, problem: string): WirefoldError {
  const message = `The option ${option} of the server ${problem}.`
  return badOption(option, message)
}
