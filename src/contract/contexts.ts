import { ContextRegistry } from '../context/context-registry.ts'
import type { RegistryOptions } from '../context/registry-options.ts'
import { isFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { Channels, Contract } from './contract-types.ts'
import type { ContextIn } from './event-types.ts'

/**
 * Makes a registry of what the events of a channel carry. A payload with a `kind` is a context as it is;
 * an object without one gets the type of its event as its `kind`. Other payloads are dropped, and those
 * whose `kind` is no text.
 *
 * @param _template names the channel in the contract; the registry is fed from any name that fits it
 * @example
 * import { feed } from 'wirefold'
 * import { contexts } from 'wirefold/contract'
 *
 * const orders = contexts(shop, 'shop:{id}').keyed('order', (order) => order.id).single('till').complete()
 * feed(channels, 'shop:42', orders)
 */
export function contexts<C extends Contract, const T extends keyof Channels<C> & string>(
  _contract: C,
  _template: T,
  options: RegistryOptions<ContextIn<Channels<C>[T]>, 'kind'> = {},
): ContextRegistry<ContextIn<Channels<C>[T]>> {
  return new ContextRegistry<ContextIn<Channels<C>[T]>>({ ...options, contextOf })
}

/** Returns the context of an event. */
function contextOf({ type, payload }: EventFrame): unknown {
  if (!isFields(payload) || payload.kind !== undefined) return payload
  return { ...payload, kind: type }
}
