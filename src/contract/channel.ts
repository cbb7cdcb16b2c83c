import { WirefoldError } from '../base/errors.ts'
import type { Channels, Contract } from './contract-types.ts'
import type { NameOf, ParamNames, Params } from './name-types.ts'

/**
 * Returns the name of a channel, with values in place of the parameters of its template.
 *
 * Throws `bad-channel` for a value that is empty, or holds a `:`.
 *
 * @example
 * channel(shop, 'shop:{id}', { id }) // 'shop:42'
 */
export function channel<C extends Contract, const T extends keyof Channels<C> & string>(
  _contract: C,
  template: T,
  ...[params]: [ParamNames<T>] extends [never] ? [] : [params: Params<T>]
): NameOf<T> {
  const values: Readonly<Record<string, string | number>> = params ?? {}
  const name = template.replace(/\{([^}]*)\}/g, (_, key: string) => {
    const value = Object.hasOwn(values, key) ? String(values[key]) : ''
    if (value !== '' && !/[:{}]/.test(value)) return value
    const message = `${JSON.stringify(value)} cannot stand for {${key}} in ${template}. A parameter is not empty, and holds none of : { }.`
    throw new WirefoldError('bad-channel', message, { channel: template })
  })
  // Its parts are those of the template.
  return name as NameOf<T>
}
