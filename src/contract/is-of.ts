import { isChannel } from '../protocol/channel-name.ts'
import type { Channels, Contract } from './contract-types.ts'
import type { NameOf } from './name-types.ts'
import { fits, isName, parseTemplate } from './names/template.ts'

/**
 * Returns whether a name that is only known at run time, such as one of a URL, fits a template. A name is of
 * the one template that counts for it: of no other where the contract lists the name itself.
 *
 * @example
 * import { isOf } from 'wirefold/contract'
 *
 * const name = location.hash.slice(1)
 * if (isOf(shop, 'shop:{id}', name)) channels.subscribe(name, render)
 */
export function isOf<C extends Contract, const T extends keyof Channels<C> & string>(
  contract: C,
  template: T,
  name: string,
): name is NameOf<T> {
  const parsed = parseTemplate(template, 'channels')
  if (isName(parsed)) return name === template
  const rules = contract['~wirefold']?.rules
  // A contract of types alone knows the given template only.
  const isCounting = rules ? rules.templateOf(name) === template : fits(parsed, name.split(':'))
  return isChannel(name) && isCounting
}
