import type { Contract, ContractSchemas, ContractTypes } from './contract-types.ts'

/**
 * Makes the contract that a client and its server share, of schemas of any library that implements
 * Standard Schema, or of types alone.
 *
 * @example
 * const shop = contract({
 *   channels: { 'shop:{id}': { order: Order } },
 *   requests: { 'order:cancel': { payload: CancelOrder, reply: Order } },
 * })
 *
 * @example
 * const shop = contract<ShopTypes>()
 */
export function contract<const Parts extends ContractSchemas>(parts: Parts): Contract<Parts>
export function contract<Parts extends ContractTypes>(options?: ContractOptions): Contract<Parts>
export function contract(given: ContractSchemas & ContractOptions = {}): Contract<ContractSchemas> {
  const { fingerprint = '', ...parts } = given
  return { parts, fingerprint, '~wirefold': { fingerprint: fingerprint || undefined } }
}

/** Options of a contract of types alone. */
export interface ContractOptions {
  /**
   * What the client and the server compare: change it with the types.
   * @default none, and nothing is compared
   */
  readonly fingerprint?: string
}
