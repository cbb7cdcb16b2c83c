import { WirefoldError } from '../base/errors.ts'
import type { Channels, Contract } from './contract-types.ts'
import { isOf } from './is-of.ts'
import type { NameOf, ParamNames, Params } from './name-types.ts'

/**
 * Returns the name of a channel, with values in place of the parameters of its template.
 *
 * Throws `bad-channel` for a value that is empty, or holds a `:` or a brace, and where the name is not
 * one of the template: a family, a name that the contract lists itself or for which another template counts,
 * or not the name of a channel.
 *
 * @example
 * import { channel } from 'wirefold/contract'
 *
 * channel(shop, 'shop:{id}', { id }) // 'shop:42'
 */
export function channel<C extends Contract, const T extends keyof Channels<C> & string>(
  contract: C,
  template: T,
  ...[params]: [ParamNames<T>] extends [never] ? [] : [params: Params<T>]
): NameOf<T> {
  const values: Readonly<Record<string, string | number>> = params ?? {}
  const name = template.replace(/\{([^}]*)\}/g, (_, key: string) => {
    const value = Object.hasOwn(values, key) ? String(values[key] ?? '') : ''
    if (value !== '' && !/[:{}]/.test(value)) return value
    const message = `${JSON.stringify(value)} cannot stand for {${key}} in ${template}. A parameter is not empty, and holds none of : { }.`
    throw new WirefoldError('bad-channel', message, { channel: template })
  })
  if (isOf(contract, template, name)) return name
  const message = `${JSON.stringify(name)} is no name of ${template}. It has a control character or more than 256 characters, is a family, is listed by itself, or is of another template.`
  throw new WirefoldError('bad-channel', message, { channel: template })
}
