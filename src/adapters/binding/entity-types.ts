import type { Readable, ReadableKind } from '../../base/store.ts'
import type { ContextRegistry } from '../../context/context-registry.ts'
import type { KeyArguments, StoredName, ValueOf } from '../../context/registry-types.ts'

/** The part of a registry, with the built-in stores, that components read entities of. */
export interface EntitySource {
  /** Returns the store of an entity. */
  entity(name: never, ...key: never[]): Readable<unknown>
}

/** The slots of a registry. */
export type SlotsOf<R> =
  R extends ContextRegistry<infer _C, infer _By, ReadableKind, infer Slots> ? Slots : never

/** The names of a registry's entities. */
export type EntityName<R> = [SlotsOf<R>] extends [never] ? string : StoredName<SlotsOf<R>>

/** The key of an entity, where its slot has keys. */
export type EntityKey<R, Name> = [SlotsOf<R>] extends [never]
  ? [key?: string]
  : Name extends keyof SlotsOf<R>
    ? KeyArguments<SlotsOf<R>[Name]>
    : never

/** The value of an entity. */
export type EntityValue<R, Name> = [SlotsOf<R>] extends [never]
  ? unknown
  : Name extends keyof SlotsOf<R>
    ? ValueOf<SlotsOf<R>[Name]>
    : never
