import { type Signal, signal } from '@preact/signals-core'
import { type Accessor, createSignal } from 'solid-js'
import { createSubscriber } from 'svelte/reactivity'
import { derived, type Readable as SvelteStore, writable } from 'svelte/store'
import { expectTypeOf, it } from 'vitest'
import { type ShallowRef, shallowRef } from 'vue'
import type { Readable, StoreFactory, StoreKind, StoreOf } from 'wirefold'
import type { DocumentContext } from 'wirefold/dialects/duui'
import { useOwned, useReadable } from 'wirefold/react'
import { accessorSignals, toSignal, type ValueSignal, valueSignals } from 'wirefold/signals'
import { fromReadable, svelteStores } from 'wirefold/svelte'

interface PreactKind extends StoreKind {
  readonly store: Signal<this['value']>
}
interface VueKind extends StoreKind {
  readonly store: ShallowRef<this['value']>
}

/** Creates an entity's store, as a registry does. */
declare function entity<K extends StoreKind>(
  factory: StoreFactory<K>,
): StoreOf<K, DocumentContext | undefined>
declare const readable: Readable<DocumentContext | undefined>

it("returns Preact's own signal", () => {
  expectTypeOf(entity(valueSignals<PreactKind>(signal))).toEqualTypeOf<
    Signal<DocumentContext | undefined>
  >()
  expectTypeOf(toSignal(readable, valueSignals<PreactKind>(signal)).signal).toEqualTypeOf<
    Signal<DocumentContext | undefined>
  >()
})

it("returns Vue's own ref", () => {
  expectTypeOf(entity(valueSignals<VueKind>(shallowRef))).toEqualTypeOf<
    ShallowRef<DocumentContext | undefined>
  >()
})

it("returns Solid's own accessor", () => {
  const store = entity(accessorSignals(createSignal))
  expectTypeOf(store).toExtend<Accessor<DocumentContext | undefined>>()
  expectTypeOf(store()).toEqualTypeOf<DocumentContext | undefined>()
})

it('returns a store that is read by value, without a kind', () => {
  expectTypeOf(entity(valueSignals(signal))).toEqualTypeOf<
    ValueSignal<DocumentContext | undefined>
  >()
})

it("returns a store for Svelte's functions, without a setter", () => {
  const store = entity(svelteStores(writable))
  expectTypeOf(store).toExtend<SvelteStore<DocumentContext | undefined>>()
  expectTypeOf(store).not.toHaveProperty('set')
  expectTypeOf(derived(store, (context) => context?.path)).toExtend<
    SvelteStore<string | undefined>
  >()
})

it('is a Svelte store of any value', () => {
  expectTypeOf(readable).toExtend<SvelteStore<DocumentContext | undefined>>()
  expectTypeOf(fromReadable(readable, createSubscriber).current).toEqualTypeOf<
    DocumentContext | undefined
  >()
})

it('infers the result of a hook', () => {
  expectTypeOf(useReadable(readable)).toEqualTypeOf<DocumentContext | undefined>()
  expectTypeOf(useReadable(readable, (context) => context?.path)).toEqualTypeOf<
    string | undefined
  >()
  expectTypeOf(
    useReadable(
      readable,
      (context) => [context?.path],
      (before, after) => before[0] === after[0],
    ),
  ).toEqualTypeOf<(string | undefined)[]>()
  expectTypeOf(
    useOwned(
      () => new Map<string, number>(),
      (map) => map.clear(),
    ),
  ).toEqualTypeOf<Map<string, number>>()
})
