import type { StoreKind } from '../../base/store.ts'
import type { ContextRegistry } from '../../context/context-registry.ts'
import type { SingleOptions, SlotRules } from '../../context/registry-options.ts'
import type {
  Discriminated,
  KeyedType,
  NoSlots,
  SingleType,
  UnionType,
} from '../../context/registry-types.ts'
import type { DUUIContext } from '../../dialects/duui/contexts.ts'

/**
 * A registry of processes: the entities of the nine contexts of a DUUI gateway, beside the slots and
 * contexts that the application has added.
 */
export type DUUIContexts<
  K extends StoreKind,
  Slots = NoSlots,
  Other extends Discriminated<'kind'> = never,
> = ContextRegistry<DUUIContext | Other, 'kind', K, Slots & DUUISlots>

/** The slots of {@link duuiContexts}, by kind. */
export type DUUISlots = {
  readonly [Kind in DUUIContext['kind']]: Kind extends 'ComposerContext' | 'ReaderContext'
    ? SingleType<Kind, DUUIContextOf<Kind>>
    : Kind extends 'DocumentProcessContext' | 'DocumentComponentProcessContext'
      ? UnionType<Kind>
      : KeyedType<Kind, DUUIContextOf<Kind>>
}

/** The context of a kind. */
export type DUUIContextOf<Kind> = Extract<DUUIContext, { readonly kind: Kind }>

/** Rules of all slots of {@link duuiContexts}. */
export interface DUUIRules extends SlotRules, Pick<SingleOptions<DUUIContext>, 'apply'> {}

/**
 * Adds the entities of a DUUI gateway's process to a registry: `ComposerContext` and `ReaderContext`
 * once, drivers by `driver`, workers by `thread` or else `name`, documents by `path`, components by
 * `component`, instances by `instance_id`.
 *
 * The contexts within a context are folded after it: the composer of a worker, the component of an
 * instance. A `DocumentProcessContext` is folded as its document and composer, a
 * `DocumentComponentProcessContext` as its document's process and its instance.
 *
 * @param registry a new registry, with the application's options and stores
 * @param rules by which an incoming context replaces the one before it. Worker threads overtake each
 *   other: with `order: 'timestamp'` a completed document stays completed.
 * @example
 * import { ContextRegistry, feed } from 'wirefold'
 * import { type DUUIContext, duuiContexts, processChannel } from 'wirefold/dialects/duui'
 *
 * const processes = duuiContexts(new ContextRegistry<DUUIContext>({ dedupe: true }), { order: 'timestamp' })
 * feed(channels, processChannel(id), processes.scope(id))
 * processes.scope(id).entity('DocumentContext', '/a.xmi').subscribe(render)
 */
export function duuiContexts<
  K extends StoreKind,
  Slots = NoSlots,
  Other extends Discriminated<'kind'> = never,
>(
  registry: ContextRegistry<DUUIContext | Other, 'kind', K, Slots>,
  rules: DUUIRules = {},
): DUUIContexts<K, Slots, Other> {
  // A registry of more contexts takes these, too; its type is computed from parameters not known here.
  const plain = registry as unknown as ContextRegistry<DUUIContext, 'kind', K>
  const filled = plain
    .single('ComposerContext', rules)
    .single('ReaderContext', rules)
    .keyed('DriverContext', ({ driver }) => driver, rules)
    .keyed('WorkerContext', ({ thread, name }) => thread || name, {
      ...rules,
      parts: ({ composer }) => [composer],
    })
    .keyed('DocumentContext', ({ path }) => path, rules)
    .keyed('ComponentContext', ({ component }) => component, rules)
    .keyed('InstantiatedComponentContext', (instance) => instance.instance_id, {
      ...rules,
      parts: ({ component }) => [component],
    })
    .union('DocumentProcessContext', ({ document, composer }) => [document, composer])
    .union('DocumentComponentProcessContext', (step) => [
      step.document,
      step.instantiated_component,
    ])
    .complete()
  return filled as unknown as DUUIContexts<K, Slots, Other>
}
