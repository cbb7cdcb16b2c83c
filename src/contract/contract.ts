import { badOption } from '../base/errors.ts'
import { lazy } from '../base/lazy.ts'
import { isFields } from '../protocol/fields.ts'
import { startClientChecks } from './client/client-checks.ts'
import type {
  Contract,
  ContractSchemas,
  ContractTypes,
  GivenParts,
  Nothing,
} from './contract-types.ts'
import { fingerprintOf } from './fingerprint.ts'
import { leavesOf } from './leaves.ts'
import { SchemaRules } from './schema-rules.ts'

/**
 * Makes the contract that a client and its server share, of schemas of any library that implements
 * Standard Schema, or of types alone.
 *
 * Throws `bad-option` for a name that a contract does not have, for a template or a schema that is
 * none, and for two templates that fit the same names where nothing decides which counts.
 *
 * @example
 * import { contract } from 'wirefold/contract'
 * import { z } from 'zod'
 *
 * const Order = z.object({ id: z.string(), status: z.string() })
 * const CancelOrder = z.object({ id: z.string() })
 * const shop = contract({
 *   channels: { 'shop:{id}': { order: Order } },
 *   requests: { 'order:cancel': { payload: CancelOrder, reply: Order } },
 * })
 *
 * @example
 * import { contract } from 'wirefold/contract'
 *
 * type ShopTypes = { channels: { 'shop:{id}': { order: { id: string; status: string } } } }
 * const shop = contract<ShopTypes>()
 */
export function contract<const Parts extends ContractTypes = Nothing>(
  given?: (Parts & ContractTypes & GivenParts<Parts>) | ContractOptions,
): Contract<Parts>
export function contract(given: ContractSchemas & ContractOptions = {}): Contract<ContractSchemas> {
  const isObject: boolean = isFields(given)
  if (!isObject) {
    const message = 'contract() takes an object with channels, requests and presence.'
    throw badOption('contract', message)
  }
  const { fingerprint, ...parts } = given
  const leaves = leavesOf(parts)
  const isTyped = Object.keys(parts).length === 0
  // Not at import: the schemas are converted to JSON Schema for it.
  const hash = lazy(() => (isTyped ? fingerprint : fingerprintOf(parts, leaves)))
  const rules = isTyped ? undefined : new SchemaRules(parts, leaves)
  const known = (): string | undefined => hash() || undefined
  return {
    parts,
    get fingerprint() {
      return hash() ?? ''
    },
    '~wirefold': {
      rules,
      get fingerprint() {
        return known()
      },
      join: (client, options) => startClientChecks(rules, known, client, options),
    },
  }
}

/** Options of a contract of types alone. */
export interface ContractOptions {
  /**
   * A text that the client and the server compare: change it with the types.
   * @default none, and nothing is compared
   */
  readonly fingerprint?: string
}
