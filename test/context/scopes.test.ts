import { describe, expect, it } from 'vitest'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { composer, document, duuiRegistry } from './duui-samples.ts'
import { recordingStores } from './recording-stores.ts'

describe('a scope', () => {
  it('is the same object for the same id only', () => {
    const contexts = duuiRegistry()
    expect(contexts.scope('1')).toBe(contexts.scope('1'))
    expect(contexts.scope('1')).not.toBe(contexts.scope('__proto__'))
  })

  it('has its own slots and stores', () => {
    const contexts = duuiRegistry()
    const [one, two] = [contexts.scope('1'), contexts.scope('2')]
    one.dispatch(document('/a', { progress: 1, payload: { content: 'x', type: 'LOGS' } }))
    two.dispatch(document('/a', { progress: 2 }))
    two.dispatch(document('/b'))
    expect(one.entity('DocumentContext', '/a').get()?.progress).toBe(1)
    expect(two.entity('DocumentContext', '/a').get()?.progress).toBe(2)
    expect(one.slot('DocumentContext').keys.get()).toEqual(['/a'])
    expect(contexts.slot('DocumentContext').size).toBe(0)
    expect(one.payloads.entries()).toHaveLength(1)
    expect(two.payloads.entries()).toHaveLength(0)
    expect([one, two, contexts].map((scope) => scope.counts().created)).toEqual([1, 2, 0])
  })

  it('has the options of its parent, with its own state', () => {
    const contexts = duuiRegistry({ dedupe: true })
    const [one, two] = [contexts.scope('1'), contexts.scope('2')]
    for (const scope of [one, one, two]) scope.dispatch(composer(), { id: 'e1' })
    expect(one.counts()).toMatchObject({ set: 1, duplicates: 1 })
    expect(two.counts()).toMatchObject({ set: 1, duplicates: 0 })
  })

  it('creates stores of the kind of its parent', () => {
    const contexts = new ContextRegistry<DUUIContext>()
      .storedIn(recordingStores)
      .single('ComposerContext')
    expect(contexts.scope('1').scope('1.1').entity('ComposerContext').values).toEqual([undefined])
  })

  it('is a new object after dispose()', () => {
    const contexts = duuiRegistry()
    const before = contexts.scope('1')
    before.dispatch(document('/a'))
    before.dispose()
    const after = contexts.scope('1')
    before.dispose()
    expect(after).not.toBe(before)
    expect(contexts.scope('1')).toBe(after)
    expect(after.slot('DocumentContext').size).toBe(0)
  })

  it('releases its entities and ignores events after dispose()', () => {
    const scope = duuiRegistry().scope('1')
    const store = scope.entity('DocumentContext', '/a')
    scope.dispatch(document('/a', { progress: 1, payload: { content: 'x', type: 'LOGS' } }))
    scope.dispose()
    scope.dispatch(document('/a', { progress: 2 }))
    expect(store.get()?.progress).toBe(1)
    expect(scope.slot('DocumentContext').size).toBe(0)
    expect(scope.payloads.entries()).toEqual([])
    expect(scope.counts().created).toBe(1)
  })

  it('is disposed with its parent, which then creates only disposed scopes', () => {
    const contexts = duuiRegistry()
    const inner = contexts.scope('1').scope('1.1')
    contexts.dispose()
    const late = contexts.scope('2')
    for (const scope of [contexts, inner, late]) {
      scope.dispatch(document('/a'))
      expect(scope.slot('DocumentContext').size).toBe(0)
    }
    expect(contexts.scope('2')).not.toBe(late)
  })

  it('prevents its parent from being given more slots', () => {
    const contexts = new ContextRegistry<DUUIContext>().single('ComposerContext')
    const scope = contexts.scope('1')
    expect(() => contexts.single('ReaderContext')).toThrow(/scopes/)
    scope.dispose()
    expect(() => contexts.single('ReaderContext')).not.toThrow()
  })
})
