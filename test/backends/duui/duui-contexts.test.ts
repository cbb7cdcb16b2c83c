import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Readable } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type { ComposerContext, DocumentContext, DUUIContext } from 'wirefold/dialects/duui'
import { duuiContexts } from 'wirefold/dialects/duui'
import { composer, document, instance, reader, step, worker } from '../../context/duui-samples.ts'

describe('duuiContexts', () => {
  it('gives each object of a process an entity, and folds the contexts within a context', () => {
    const contexts = duuiContexts(new ContextRegistry<DUUIContext>())
    contexts.dispatch(step('/a', 'i'))
    contexts.dispatch(worker('w'))
    contexts.dispatch(worker('', { name: 'nameless' }))
    contexts.dispatch(reader())
    expect(contexts.counts()).toMatchObject({ unknown: 0, dropped: 0 })
    expect(contexts.slot('DocumentContext').keys.get()).toEqual(['/a'])
    expect(contexts.slot('InstantiatedComponentContext').keys.get()).toEqual(['i'])
    expect(contexts.slot('ComponentContext').keys.get()).toEqual(['tokenizer'])
    expect(contexts.slot('WorkerContext').keys.get()).toEqual(['w', 'nameless'])
    expect(contexts.slot('ComposerContext').get()).toEqual(composer())
    expect(contexts.slot('ReaderContext').get()).toEqual(reader())
  })

  it('applies its rules to all slots', () => {
    const contexts = duuiContexts(new ContextRegistry<DUUIContext>(), { order: 'timestamp' })
    contexts.dispatch(document('/a', { status: 'Completed' }), { timestamp: 2 })
    contexts.dispatch(instance('i', { status: 'Idle' }), { timestamp: 2 })
    contexts.dispatch(composer({ progress: 1 }), { timestamp: 2 })
    contexts.dispatch(step('/a', 'i'), { timestamp: 1 })
    expect(contexts.slot('DocumentContext').get('/a')?.status).toBe('Completed')
    expect(contexts.slot('InstantiatedComponentContext').get('i')?.status).toBe('Idle')
    expect(contexts.slot('ComposerContext').get()?.progress).toBe(1)
  })

  it('keeps the contexts and slots that the application has added before, and takes more', () => {
    interface Note {
      readonly kind: 'Note'
      readonly text: string
    }
    const registry = new ContextRegistry<DUUIContext | Note>().single('Note')
    const contexts = duuiContexts(registry)
      .derived(
        'size',
        'DocumentContext',
        ({ path }) => path,
        ({ size }) => size,
      )
      .complete()
    contexts.dispatch({ kind: 'Note', text: 'hi' })
    contexts.dispatch(document('/a', { size: 7 }))
    expect(contexts.slot('Note').get()?.text).toBe('hi')
    expect(contexts.slot('size').get('/a')).toBe(7)
    expectTypeOf(contexts.entity('Note')).toEqualTypeOf<Readable<Note | undefined>>()
    expectTypeOf(contexts.entity('size', '/a')).toEqualTypeOf<Readable<number | undefined>>()
  })

  it('has the types of the contexts', () => {
    const contexts = duuiContexts(new ContextRegistry<DUUIContext>())
    expectTypeOf(contexts.entity('DocumentContext', '/a')).toEqualTypeOf<
      Readable<DocumentContext | undefined>
    >()
    expectTypeOf(contexts.entity('ComposerContext')).toEqualTypeOf<
      Readable<ComposerContext | undefined>
    >()
    // @ts-expect-error a union has no entity
    expect(() => contexts.entity('DocumentProcessContext')).toThrow()
  })
})
