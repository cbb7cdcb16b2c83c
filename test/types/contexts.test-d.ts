import { describe, expectTypeOf, it } from 'vitest'
import type { Readable, Sink, StoreFactory, StoreKind } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type { ComposerContext, DocumentContext, DUUIContext } from 'wirefold/dialects/duui'

type Shop =
  | { type: 'order'; id: string; total: number }
  | { type: 'customer'; name: string }
  | { type: 'both'; parts: unknown[] }

interface Signal<T> {
  value: T
}
interface SignalKind extends StoreKind {
  readonly store: Signal<this['value']>
}
declare const signals: StoreFactory<SignalKind>

const contexts = new ContextRegistry<DUUIContext>()
  .keyed('DocumentContext', (c) => c.path, { apply: 'replace', order: 'arrival' })
  .keyed('WorkerContext', (c) => c.thread || c.name, { parts: (c) => [c.composer] })
  .single('ComposerContext')
  .union('DocumentProcessContext', (c) => [c.document, c.composer])

describe('the type of a registry', () => {
  it('has the value of a keyed slot by its kind', () => {
    expectTypeOf(contexts.entity('DocumentContext', '/a')).toEqualTypeOf<
      Readable<DocumentContext | undefined>
    >()
    const slot = contexts.slot('DocumentContext')
    expectTypeOf(slot.get('/a')).toEqualTypeOf<DocumentContext | undefined>()
    expectTypeOf(slot.keys).toEqualTypeOf<Readable<readonly string[]>>()
    expectTypeOf(slot.size).toEqualTypeOf<number>()
    expectTypeOf(slot.delete('/a')).toEqualTypeOf<boolean>()
  })

  it('has the value of a single slot, without a key', () => {
    expectTypeOf(contexts.entity('ComposerContext')).toEqualTypeOf<
      Readable<ComposerContext | undefined>
    >()
    expectTypeOf(contexts.slot('ComposerContext').get()).toEqualTypeOf<
      ComposerContext | undefined
    >()
    // @ts-expect-error a single entity has no key
    contexts.entity('ComposerContext', 'a')
    // @ts-expect-error nor a list of them
    contexts.slot('ComposerContext').keys
  })

  it('requires the key of a keyed slot', () => {
    // @ts-expect-error the key is missing
    contexts.entity('DocumentContext')
    // @ts-expect-error the key is missing
    contexts.slot('DocumentContext').get()
    // @ts-expect-error a keyed slot needs a key selector
    new ContextRegistry<DUUIContext>().keyed('DocumentContext')
    // @ts-expect-error the selector returns a string
    new ContextRegistry<DUUIContext>().keyed('DocumentContext', (c) => c.size)
    // @ts-expect-error documents have no such field
    new ContextRegistry<DUUIContext>().keyed('DocumentContext', (c) => c.driver)
  })

  it('rejects an unknown kind, and a kind that already has a slot', () => {
    // @ts-expect-error no such kind
    contexts.single('DocumentsContext')
    // @ts-expect-error it has a slot
    contexts.keyed('DocumentContext', (c) => c.path)
    // @ts-expect-error it is a union
    contexts.single('DocumentProcessContext')
    // @ts-expect-error it has a slot
    contexts.reduce('ComposerContext', { initial: 0, apply: (n: number) => n })
    // @ts-expect-error it has no slot
    contexts.entity('ReaderContext')
    // @ts-expect-error it has no slot
    contexts.slot('DriverContext')
  })

  it('rejects a union as an entity', () => {
    // @ts-expect-error a union has only parts
    contexts.entity('DocumentProcessContext')
    // @ts-expect-error a union has only parts
    contexts.slot('DocumentProcessContext')
  })

  it('has the state of a reducer, with and without a key', () => {
    const reduced = new ContextRegistry<DUUIContext>()
      .reduce('ReaderContext', { initial: 0, apply: (n, c) => n + c.read })
      .reduce('DocumentContext', {
        initial: [] as string[],
        key: (c) => c.path,
        apply: (seen, c) => (c.is_finished ? undefined : [...seen, c.status]),
        maxEntries: 10,
      })
    expectTypeOf(reduced.entity('ReaderContext')).toEqualTypeOf<Readable<number | undefined>>()
    expectTypeOf(reduced.entity('DocumentContext', 'a')).toEqualTypeOf<
      Readable<string[] | undefined>
    >()
    // @ts-expect-error it is keyed
    reduced.entity('DocumentContext')
    new ContextRegistry<DUUIContext>().reduce('ReaderContext', {
      initial: 0,
      // @ts-expect-error a state is a number
      apply: (n, c) => `${n}${c.read}`,
    })
  })

  it('has a derived slot by its name, next to the slot of its kind', () => {
    const derived = contexts.derived(
      'activity',
      'DocumentProcessContext',
      (c) => c.document.path,
      (c) => ({ status: c.status, payload: c.payload }),
    )
    expectTypeOf(derived.slot('activity').get('a')?.status).toEqualTypeOf<string | undefined>()
    // @ts-expect-error the name is in use
    derived.derived('activity', 'ReaderContext', () => 'a', Boolean)
    // @ts-expect-error a kind cannot be its name
    derived.derived('ReaderContext', 'ReaderContext', () => 'a', Boolean)
    // @ts-expect-error no such kind
    derived.derived('other', 'Reader', () => 'a', Boolean)
    // A derived slot does not prevent a later slot of its kind.
    new ContextRegistry<DUUIContext>()
      .derived(
        'progress',
        'ReaderContext',
        () => 'all',
        (c) => c.read,
      )
      .single('ReaderContext')
  })

  it('is complete only when every kind is handled, and names the unhandled ones', () => {
    // @ts-expect-error DriverContext, ComponentContext … are not
    contexts.complete()
    type Unhandled = ThisParameterType<typeof contexts.complete>
    expectTypeOf<Unhandled>().toEqualTypeOf<
      | 'Nothing handles DriverContext'
      | 'Nothing handles ComponentContext'
      | 'Nothing handles InstantiatedComponentContext'
      | 'Nothing handles DocumentComponentProcessContext'
      | 'Nothing handles ReaderContext'
    >()
    const all = contexts
      .keyed('DriverContext', (c) => c.driver)
      .keyed('ComponentContext', (c) => c.component)
      .keyed('InstantiatedComponentContext', (c) => c.instance_id, { parts: (c) => [c.component] })
      .derived(
        'activity',
        'DocumentComponentProcessContext',
        (c) => c.thread,
        (c) => c.status,
      )
      .single('ReaderContext')
      .complete()
    expectTypeOf(all.entity('DriverContext', 'a').get()?.driver).toEqualTypeOf<string | undefined>()
    expectTypeOf(all.scope('42')).toEqualTypeOf(all)
    expectTypeOf(all).toExtend<Sink>()
  })

  it('creates stores with the factory', () => {
    const stored = new ContextRegistry<DUUIContext>()
      .storedIn(signals)
      .keyed('DocumentContext', (c) => c.path)
    expectTypeOf(stored.entity('DocumentContext', 'a')).toEqualTypeOf<
      Signal<DocumentContext | undefined>
    >()
    expectTypeOf(stored.slot('DocumentContext').keys).toEqualTypeOf<Signal<readonly string[]>>()
  })

  it('distinguishes contexts by another field', () => {
    const shop = new ContextRegistry<Shop, 'type'>({ by: 'type' })
      .keyed('order', (c) => c.id)
      .single('customer')
    expectTypeOf(shop.slot('order').get('1')?.total).toEqualTypeOf<number | undefined>()
    shop.dispatch({ type: 'customer', name: 'Ada' })
    // @ts-expect-error an order has an id
    shop.dispatch({ type: 'order' })
    // @ts-expect-error the field is also required at run time
    new ContextRegistry<Shop, 'type'>()
    // @ts-expect-error a shop has no `kind`
    new ContextRegistry<Shop>()
    // @ts-expect-error the field is not `kind`
    new ContextRegistry<Shop, 'type'>({ by: 'kind' })
  })

  it('has the contexts in its options', () => {
    new ContextRegistry<DUUIContext>({
      idOf: (context) => context.event_id,
      payloads: { of: (context) => context.payload },
    })
    // @ts-expect-error contexts have no such field
    new ContextRegistry<DUUIContext>({ idOf: (context) => context.id })
  })
})
