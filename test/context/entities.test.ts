import { describe, expect, it } from 'vitest'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { composer, document, duuiRegistry } from './duui-samples.ts'
import { eventFrame } from './event-frames.ts'
import { recordingStores } from './recording-stores.ts'

function recorded() {
  return new ContextRegistry<DUUIContext>()
    .storedIn(recordingStores)
    .keyed('DocumentContext', (c) => c.path)
    .single('ComposerContext')
}

describe('the store of an entity', () => {
  it('is the same object before the first event, after it, and after a delete', () => {
    const contexts = duuiRegistry()
    const store = contexts.entity('DocumentContext', '/a')
    expect(store.get()).toBeUndefined()
    contexts.dispatch(document('/a'))
    expect(contexts.entity('DocumentContext', '/a')).toBe(store)
    expect(store.get()).toEqual(document('/a'))
    contexts.slot('DocumentContext').delete('/a')
    expect(store.get()).toBeUndefined()
    contexts.dispatch(document('/a', { progress: 1 }))
    expect(contexts.entity('DocumentContext', '/a')).toBe(store)
    expect(store.get()?.progress).toBe(1)
  })

  it('has the current state when it is first requested', () => {
    const contexts = recorded()
    contexts.dispatch(document('/a'))
    expect(contexts.entity('DocumentContext', '/a').values).toEqual([document('/a')])
  })

  it('is notified of changes of its own entity only', () => {
    const contexts = recorded()
    const stores = ['/a', '/b'].map((path) => contexts.entity('DocumentContext', path))
    contexts.dispatch(document('/a'))
    contexts.dispatch(document('/a', { progress: 1 }))
    contexts.dispatch(composer())
    expect(stores.map((store) => store.values.length)).toEqual([3, 1])
  })

  it("is created by the application's store factory, like the store of the keys", () => {
    const contexts = recorded()
    const keys = contexts.slot('DocumentContext').keys
    contexts.dispatch(document('/a'))
    expect(keys.values).toEqual([[], ['/a']])
  })

  it('exists under any name that a peer chooses', () => {
    const contexts = duuiRegistry()
    const names = ['__proto__', 'constructor', 'toString', ' ']
    for (const name of names) contexts.dispatch(document(name))
    for (const name of names)
      expect(contexts.entity('DocumentContext', name).get()?.path).toBe(name)
    expect(contexts.slot('DocumentContext').keys.get()).toEqual(names)
    expect(({} as { path?: string }).path).toBeUndefined()
  })

  it('notifies listeners of the newest value if a listener dispatches', () => {
    const contexts = duuiRegistry()
    const store = contexts.entity('DocumentContext', '/a')
    store.listen((value) => {
      if (value?.progress === 1) contexts.dispatch(document('/a', { progress: 2 }))
    })
    contexts.dispatch(document('/a', { progress: 1 }))
    expect(store.get()?.progress).toBe(2)
    expect(contexts.slot('DocumentContext').get('/a')?.progress).toBe(2)
  })

  it('notifies once per microtask of any number of folded events with `notify: microtask`', async () => {
    const contexts = duuiRegistry({ notify: 'microtask' })
    const received: unknown[] = []
    contexts.entity('DocumentContext', '/a').listen((value) => received.push(value?.progress))
    contexts.slot('DocumentContext').keys.listen((keys) => received.push(keys))
    for (let n = 1; n <= 10; n++) contexts.dispatch(document('/a', { progress: n }))
    expect(received).toEqual([])
    await Promise.resolve()
    expect(received).toEqual([10, ['/a']])
  })
})

describe('the keys of a slot', () => {
  it('are those of the existing entities, in order of creation', () => {
    const contexts = duuiRegistry()
    const slot = contexts.slot('DocumentContext')
    contexts.entity('DocumentContext', '/never')
    for (const path of ['/b', '/a', '/c', '/b']) contexts.dispatch(document(path))
    expect(slot.keys.get()).toEqual(['/b', '/a', '/c'])
    expect(slot.size).toBe(3)
  })

  it('notify of creations and deletions only, once each', () => {
    const contexts = recorded()
    const slot = contexts.slot('DocumentContext')
    const { keys } = slot
    contexts.dispatch(document('/a'))
    contexts.dispatch(document('/a', { progress: 1 }))
    contexts.dispatch(document('/b'))
    expect(slot.delete('/a')).toBe(true)
    expect(keys.values.at(-1)).toEqual(['/b'])
    expect(slot.delete('/a')).toBe(false)
    contexts.dispatch(document('/b', { progress: 1 }))
    expect(keys.values).toEqual([[], ['/a'], ['/a', '/b'], ['/b']])
  })

  it('list a deleted entity last once an event creates it again', () => {
    const contexts = duuiRegistry()
    const slot = contexts.slot('DocumentContext')
    for (const path of ['/a', '/b']) contexts.dispatch(document(path))
    slot.delete('/a')
    contexts.dispatch(document('/a'))
    expect(slot.keys.get()).toEqual(['/b', '/a'])
  })

  it('notify once of all events folded together', () => {
    const contexts = recorded()
    const { keys } = contexts.slot('DocumentContext')
    contexts.fold(['/a', '/b', '/c'].map((path) => eventFrame(document(path))))
    expect(keys.values).toEqual([[], ['/a', '/b', '/c']])
  })

  it('notify when the entities already have their values', () => {
    const contexts = duuiRegistry()
    const received: unknown[] = []
    contexts.slot('DocumentContext').keys.listen((keys) => {
      received.push(...keys.map((key) => contexts.entity('DocumentContext', key).get()?.path))
    })
    contexts.dispatch(document('/a'))
    expect(received).toEqual(['/a'])
  })
})

describe('a slot without keys', () => {
  it('has one entity, undefined before its first event', () => {
    const contexts = duuiRegistry()
    expect(contexts.slot('ComposerContext').get()).toBeUndefined()
    contexts.dispatch(composer())
    expect(contexts.slot('ComposerContext').get()).toEqual(composer())
    expect(contexts.entity('ComposerContext').get()).toEqual(composer())
  })
})

describe('maxEntries', () => {
  function bounded(maxEntries: number) {
    return new ContextRegistry<DUUIContext>()
      .storedIn(recordingStores)
      .keyed('DocumentContext', (c) => c.path, { maxEntries })
  }

  it('deletes the least recently updated entity', () => {
    const contexts = bounded(2)
    const slot = contexts.slot('DocumentContext')
    const store = contexts.entity('DocumentContext', '/b')
    for (const path of ['/a', '/b', '/a', '/c']) contexts.dispatch(document(path))
    expect(slot.keys.values.at(-1)).toEqual(['/a', '/c'])
    expect(store.values).toEqual([undefined, document('/b'), undefined])
    contexts.dispatch(document('/b'))
    expect(contexts.entity('DocumentContext', '/b')).toBe(store)
    expect(store.values.at(-1)).toEqual(document('/b'))
    expect(slot.size).toBe(2)
  })

  it('does not count a deleted entity', () => {
    const contexts = bounded(2)
    const slot = contexts.slot('DocumentContext')
    for (const path of ['/a', '/b']) contexts.dispatch(document(path))
    slot.delete('/a')
    contexts.dispatch(document('/c'))
    expect(slot.get('/b')).toBeDefined()
    contexts.dispatch(document('/d'))
    expect(slot.get('/b')).toBeUndefined()
    expect(slot.size).toBe(2)
  })

  it('limits 100,000 entities', () => {
    const contexts = bounded(1000)
    for (let n = 0; n < 100_000; n++) contexts.dispatch(document(`/${n}`))
    const slot = contexts.slot('DocumentContext')
    expect(slot.size).toBe(1000)
    expect(slot.get('/98999')).toBeUndefined()
    expect(slot.get('/99000')).toBeDefined()
    expect(contexts.counts().created).toBe(100_000)
  })
})
