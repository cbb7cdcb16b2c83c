import { isChannel } from '../protocol/channel-name.ts'
import type { Channels, Contract } from './contract-types.ts'
import type { NameOf } from './name-types.ts'
import { fits, isName, parseTemplate } from './names/template.ts'

/**
 * Whether a name that is only known at run time, such as one of a URL, fits a template. A name that
 * the contract lists itself is of no other template.
 *
 * @example
 * if (isOf(shop, 'shop:{id}', name)) channels.subscribe(name, …)
 */
export function isOf<C extends Contract, const T extends keyof Channels<C> & string>(
  contract: C,
  template: T,
  name: string,
): name is NameOf<T> {
  const { channels = {} } = contract.parts
  const parsed = parseTemplate(template, 'channels')
  if (isName(parsed)) return name === template
  return isChannel(name) && !Object.hasOwn(channels, name) && fits(parsed, name.split(':'))
}
