import type { Readable, StoreKind, StoreOf } from '../base/store.ts'
import type { RegistryOptions } from './registry-options.ts'

/** A context: an object whose field `By` names its kind. */
export type Discriminated<By extends string> = { readonly [field in By]: string }

/** The members of the union `C` of the kind `Kind`. */
export type ContextOf<C, By extends string, Kind extends string> = Extract<
  C,
  { readonly [field in By]: Kind }
>

/** The compile-time description of a slot. */
export interface SlotType {
  /** The kind of contexts that update it. */
  readonly kind: string
  /** An entity per key, one entity, or none of its own. */
  readonly shape: 'keyed' | 'single' | 'union'
  /** The values of its entities. */
  readonly value: unknown
}

/** A slot with one entity per key. */
export interface KeyedType<Kind extends string, Value> extends SlotType {
  readonly kind: Kind
  readonly shape: 'keyed'
  readonly value: Value
}

/** A slot with one entity. */
export interface SingleType<Kind extends string, Value> extends SlotType {
  readonly kind: Kind
  readonly shape: 'single'
  readonly value: Value
}

/** A kind that is folded as its parts and has no entity. */
export interface UnionType<Kind extends string> extends SlotType {
  readonly kind: Kind
  readonly shape: 'union'
  readonly value: never
}

/** The slots of a registry that has none yet. */
export type NoSlots = Record<never, never>

/** `Slots` with one slot more. */
export type Plus<Slots, Name extends string, Type extends SlotType> = Slots & {
  readonly [name in Name]: Type
}

/** The kinds of `C` that have no slot of their own yet. */
export type FreeKind<C extends Discriminated<By>, By extends string, Slots> = Exclude<
  C[By],
  keyof Slots
>

/** The names of the slots that have entities. */
export type StoredName<Slots> = {
  [name in keyof Slots]: Slots[name] extends { shape: 'union' } ? never : name
}[keyof Slots] &
  string

/** The kinds of `C` that update no slot. */
export type UnhandledKind<C extends Discriminated<By>, By extends string, Slots> = Exclude<
  C[By],
  { [name in keyof Slots]: Slots[name] extends SlotType ? Slots[name]['kind'] : never }[keyof Slots]
>

/** The type of a slot's values. */
export type ValueOf<Slot> = Slot extends SlotType ? Slot['value'] : never

/** The arguments that select an entity of a slot. */
export type KeyArguments<Slot> = Slot extends { shape: 'keyed' } ? [key: string] : []

/** The view that {@link ContextRegistry.slot} returns. */
export type SlotView<K extends StoreKind, Slot> = Slot extends { shape: 'keyed' }
  ? KeyedSlot<K, ValueOf<Slot>>
  : SingleSlot<ValueOf<Slot>>

/** A view of a slot with one entity per key. */
export interface KeyedSlot<K extends StoreKind, Value> {
  /** The keys of all entities, in order of creation, in a store of the application's kind. */
  readonly keys: StoreOf<K, readonly string[]>
  /**
   * The values of all entities, in order of creation: a new list after every event that changed
   * one. It is maintained from its first use on.
   */
  readonly state: Readable<readonly Value[]>
  /** Number of entities. */
  readonly size: number
  /** Returns the value of an entity, `undefined` where there is none. */
  get(key: string): Value | undefined
  /**
   * Deletes an entity: its store holds `undefined` until a later event creates it again.
   *
   * @returns whether the entity existed
   */
  delete(key: string): boolean
}

/** A view of a slot with one entity. */
export interface SingleSlot<Value> {
  /** Value of the slot as a built-in store, updated at the end of each event. */
  readonly state: Readable<Value | undefined>
  /** Returns its value, `undefined` before the first event. */
  get(): Value | undefined
}

/**
 * Arguments of the constructor of a registry: a discriminating field other than `kind` has to be named in the options
 * too.
 */
export type RegistryArguments<C, By extends string> = By extends 'kind'
  ? [options?: RegistryOptions<C, By>]
  : [options: RegistryOptions<C, By> & { readonly by: By }]
