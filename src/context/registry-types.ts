import type { Readable, StoreKind, StoreOf } from '../base/store.ts'

/** A context: an object that says by the field `By` of which kind it is. */
export type Discriminated<By extends string> = { readonly [field in By]: string }

/** The members of the union `C` that are of the kind `Kind`. */
export type ContextOf<C, By extends string, Kind extends string> = Extract<
  C,
  { readonly [field in By]: Kind }
>

/** What a registry's type knows of a slot. */
export interface SlotType {
  /** The kind that feeds it. */
  readonly kind: string
  /** An entity per key, one entity, or none of its own. */
  readonly shape: 'keyed' | 'single' | 'union'
  /** The values of its entities. */
  readonly value: unknown
}

/** A slot of an entity per key. */
export interface KeyedType<Kind extends string, Value> extends SlotType {
  readonly kind: Kind
  readonly shape: 'keyed'
  readonly value: Value
}

/** A slot of one entity. */
export interface SingleType<Kind extends string, Value> extends SlotType {
  readonly kind: Kind
  readonly shape: 'single'
  readonly value: Value
}

/** A kind that has parts and nothing of its own. */
export interface UnionType<Kind extends string> extends SlotType {
  readonly kind: Kind
  readonly shape: 'union'
  readonly value: never
}

/** The slots of a registry that has none yet. */
export type NoSlots = Record<never, never>

/** `Slots` and one more. */
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

/** The kinds of `C` that feed no slot. */
export type UnhandledKind<C extends Discriminated<By>, By extends string, Slots> = Exclude<
  C[By],
  { [name in keyof Slots]: Slots[name] extends SlotType ? Slots[name]['kind'] : never }[keyof Slots]
>

/** What a slot's values are. */
export type ValueOf<Slot> = Slot extends SlotType ? Slot['value'] : never

/** The arguments that say which entity of a slot is meant. */
export type KeyArguments<Slot> = Slot extends { shape: 'keyed' } ? [key: string] : []

/** What {@link ContextRegistry.slot} gives for a slot. */
export type SlotView<K extends StoreKind, Slot> = Slot extends { shape: 'keyed' }
  ? KeyedSlot<K, ValueOf<Slot>>
  : SingleSlot<ValueOf<Slot>>

/** The entities of a slot that has one per key. */
export interface KeyedSlot<K extends StoreKind, Value> {
  /** The keys of the entities there are, in order of creation: a store of the application's kind. */
  readonly keys: StoreOf<K, readonly string[]>
  /**
   * The values of the entities there are, in order of creation: a new list with every event that
   * changed one, made once somebody has asked for it.
   */
  readonly state: Readable<readonly Value[]>
  /** How many entities there are. */
  readonly size: number
  /** The value of an entity, `undefined` where there is none. */
  get(key: string): Value | undefined
  /**
   * Deletes an entity: its store holds `undefined` until a later event creates it again.
   *
   * @returns whether there was one
   */
  delete(key: string): boolean
}

/** The entity of a slot that has one. */
export interface SingleSlot<Value> {
  /** Its value as a built-in store, told with the end of each event. */
  readonly state: Readable<Value | undefined>
  /** Its value, `undefined` before the first event. */
  get(): Value | undefined
}
