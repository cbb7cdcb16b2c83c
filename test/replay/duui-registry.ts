import type { Readable, RegistryOptions } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { duuiContexts } from 'wirefold/dialects/duui'
import type { Mode, SlotName } from './literal-interpreter.ts'

/** The kind of each store of the reference implementation. */
export const kinds: Readonly<Record<SlotName, DUUIContext['kind']>> = {
  composer: 'ComposerContext',
  drivers: 'DriverContext',
  workers: 'WorkerContext',
  documents: 'DocumentContext',
  components: 'ComponentContext',
  instances: 'InstantiatedComponentContext',
  reader: 'ReaderContext',
}

/** The stores of the reference implementation. */
export const slotNames = Object.keys(kinds) as readonly SlotName[]

/** A registry for the nine kinds, configured by options only. */
export function duuiRegistry(mode: Mode, options: RegistryOptions<DUUIContext, 'kind'> = {}) {
  const order = mode.order === 'timestamp' ? 'timestamp' : 'arrival'
  const registry = new ContextRegistry<DUUIContext>({ dedupe: mode.order === 'dedupe', ...options })
  return duuiContexts(registry, { apply: mode.apply, order })
}

/** The type that {@link duuiRegistry} returns. */
export type DUUIRegistry = ReturnType<typeof duuiRegistry>

/** Returns the store of an entry, by the names of the reference implementation. */
export function entityOf(
  registry: DUUIRegistry,
  slot: SlotName,
  key: string,
): Readable<DUUIContext | undefined> {
  switch (slot) {
    case 'composer':
      return registry.entity('ComposerContext')
    case 'reader':
      return registry.entity('ReaderContext')
    case 'drivers':
      return registry.entity('DriverContext', key)
    case 'workers':
      return registry.entity('WorkerContext', key)
    case 'documents':
      return registry.entity('DocumentContext', key)
    case 'components':
      return registry.entity('ComponentContext', key)
    case 'instances':
      return registry.entity('InstantiatedComponentContext', key)
  }
}

/** Returns the entries of a slot in order of creation. */
export function entriesOf(registry: DUUIRegistry, slot: SlotName): [string, DUUIContext][] {
  const { keys, get } = lookup(registry, slot)
  return keys.flatMap((key) => {
    const value = get(key)
    return value === undefined ? [] : [[key, value]]
  })
}

/** Returns all entries by slot and key. */
export function stateOf(registry: DUUIRegistry): Record<string, DUUIContext> {
  return Object.fromEntries(
    slotNames.flatMap((slot) =>
      entriesOf(registry, slot).map(([key, value]) => [`${slot} ${key}`.trim(), value]),
    ),
  )
}

function lookup(
  registry: DUUIRegistry,
  slot: SlotName,
): { keys: readonly string[]; get(key: string): DUUIContext | undefined } {
  switch (slot) {
    case 'composer':
    case 'reader': {
      const view = registry.slot(slot === 'composer' ? 'ComposerContext' : 'ReaderContext')
      return { keys: view.get() === undefined ? [] : [''], get: () => view.get() }
    }
    case 'drivers':
      return keyed(registry.slot('DriverContext'))
    case 'workers':
      return keyed(registry.slot('WorkerContext'))
    case 'documents':
      return keyed(registry.slot('DocumentContext'))
    case 'components':
      return keyed(registry.slot('ComponentContext'))
    case 'instances':
      return keyed(registry.slot('InstantiatedComponentContext'))
  }
}

function keyed(view: {
  keys: Readable<readonly string[]>
  get(key: string): DUUIContext | undefined
}) {
  return { keys: view.keys.get(), get: (key: string) => view.get(key) }
}
