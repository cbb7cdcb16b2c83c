import { describe, expect, it, vi } from 'vitest'
import type { StoreFactory, WirefoldError } from 'wirefold'
import { ContextRegistry, isWirefoldError } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { composer, document, documentProcess, duuiRegistry, worker } from './duui-samples.ts'
import { eventFrame } from './event-frames.ts'
import type { RecordingKind } from './recording-stores.ts'
import { recordingStores } from './recording-stores.ts'

const boom = new Error('boom')
const fail = () => {
  throw boom
}

describe('folding events', () => {
  it('reads the context from the payload, or from its field `context`', () => {
    const contexts = duuiRegistry()
    contexts.fold([
      eventFrame(document('/a')),
      eventFrame({ process_id: '42', message: 'x', context: document('/b') }),
    ])
    expect(contexts.slot('DocumentContext').keys.get()).toEqual(['/a', '/b'])
  })

  it('reads id, timestamp and offset from the frame', () => {
    const contexts = new ContextRegistry<DUUIContext>({ dedupe: true }).keyed(
      'DocumentContext',
      (c) => c.path,
      { order: 'offset' },
    )
    contexts.fold([
      eventFrame(document('/a', { progress: 1 }), { id: 'e1', offset: 5, timestamp: 9 }),
      eventFrame(document('/a', { progress: 2 }), { id: 'e1', offset: 6 }),
      eventFrame(document('/a', { progress: 3 }), { id: 'e2', offset: 4 }),
    ])
    expect(contexts.slot('DocumentContext').get('/a')?.progress).toBe(1)
    expect(contexts.counts()).toMatchObject({ duplicates: 1, stale: 1 })
  })

  it('drops invalid contexts, reports each once, and continues', () => {
    const dropped: [unknown, string][] = []
    const contexts = duuiRegistry({ onDrop: (context, reason) => dropped.push([context, reason]) })
    const odd = [undefined, null, 7, 'text', [], { context: 'x' }]
    const kindless = [{}, { kind: 7 }, { context: undefined }, { context: { kind: null } }]
    contexts.fold([...odd, ...kindless, document('/a')].map((payload) => eventFrame(payload)))
    expect(contexts.slot('DocumentContext').keys.get()).toEqual(['/a'])
    expect(dropped.map(([, reason]) => reason)).toEqual([
      ...odd.map(() => 'not-an-object'),
      ...kindless.map(() => 'no-discriminant'),
    ])
    expect(dropped.at(-2)?.[0]).toEqual({ context: undefined })
    expect(contexts.counts().dropped).toBe(10)
  })

  it('drops a part without a kind', () => {
    const contexts = duuiRegistry()
    const part = JSON.parse('{"path":"/a"}')
    contexts.dispatch(documentProcess('/a', { document: part }))
    expect(contexts.counts()).toMatchObject({ dropped: 1, set: 1 })
  })

  it('drops a context whose key is empty or not a string', () => {
    const reasons: string[] = []
    const contexts = duuiRegistry({ onDrop: (_, reason) => reasons.push(reason) })
    for (const path of ['""', 'null', '7', '{}']) {
      contexts.dispatch(JSON.parse(`{"kind":"DocumentContext","path":${path}}`))
    }
    expect(reasons).toEqual(Array(4).fill('no-key'))
    expect(contexts.slot('DocumentContext').size).toBe(0)
  })
})

describe('contexts of unhandled kinds', () => {
  it('are counted by kind, and not written', () => {
    const contexts = new ContextRegistry<DUUIContext>().single('ComposerContext')
    const received: unknown[] = []
    contexts.unknown.listen((kinds) => received.push(Object.fromEntries(kinds)))
    for (const context of [document('/a'), document('/b'), worker('w'), composer()]) {
      contexts.dispatch(context)
    }
    expect(received).toEqual([
      { DocumentContext: 1 },
      { DocumentContext: 2 },
      { DocumentContext: 2, WorkerContext: 1 },
    ])
    expect(contexts.counts()).toMatchObject({ unknown: 3, set: 1, created: 0, dropped: 0 })
  })

  it('are counted in one notification for all events folded together', () => {
    const contexts = new ContextRegistry<DUUIContext>()
    const listener = vi.fn()
    contexts.unknown.listen(listener)
    contexts.fold([eventFrame(document('/a')), eventFrame(document('/b'))])
    expect(listener).toHaveBeenCalledOnce()
  })

  it('can have any name, and are counted separately up to a hundred', () => {
    const contexts = new ContextRegistry<DUUIContext>()
    const kinds = ['__proto__', 'constructor', ...Array.from({ length: 200 }, (_, n) => `k${n}`)]
    contexts.fold(kinds.map((kind) => eventFrame({ kind })))
    contexts.fold(kinds.map((kind) => eventFrame({ kind })))
    expect(contexts.unknown.get().size).toBe(100)
    expect(contexts.unknown.get().get('__proto__')).toBe(2)
    expect(contexts.counts().unknown).toBe(404)
  })
})

describe('an exception of application code', () => {
  function reporting() {
    const errors: unknown[] = []
    return { errors, onError: (error: unknown) => void errors.push(error) }
  }

  function expectReport(errors: readonly unknown[], where: string): void {
    expect(errors).toHaveLength(1)
    const [error] = errors
    expect(isWirefoldError(error, 'handler-failed')).toBe(true)
    const { detail, cause } = error as WirefoldError<'handler-failed'>
    expect(detail.where).toBe(where)
    expect(cause).toBe(boom)
  }

  it('in a key selector is reported, and the parts are folded', () => {
    const { errors, onError } = reporting()
    const contexts = new ContextRegistry<DUUIContext>({ onError })
      .keyed('WorkerContext', fail, { parts: (c) => [c.composer] })
      .single('ComposerContext')
    contexts.dispatch(worker('w'))
    expectReport(errors, 'key selector of WorkerContext')
    expect(contexts.slot('ComposerContext').get()).toBeDefined()
  })

  it('in a parts selector is reported, and the context is written', () => {
    const { errors, onError } = reporting()
    const contexts = new ContextRegistry<DUUIContext>({ onError }).keyed(
      'WorkerContext',
      (c) => c.thread,
      { parts: fail },
    )
    contexts.dispatch(worker('w'))
    expectReport(errors, 'parts selector of WorkerContext')
    expect(contexts.slot('WorkerContext').size).toBe(1)
  })

  it('in a reducer is reported, and the state is kept', () => {
    const { errors, onError } = reporting()
    const contexts = new ContextRegistry<DUUIContext>({ onError }).reduce('DocumentContext', {
      key: (c) => c.path,
      initial: 0,
      apply: (n, c) => (c.error ? fail() : n + 1),
    })
    contexts.dispatch(document('/a'))
    contexts.dispatch(document('/a', { error: 'x' }))
    contexts.dispatch(document('/a'))
    expectReport(errors, 'reducer of DocumentContext')
    expect(contexts.slot('DocumentContext').get('/a')).toBe(2)
  })

  it('in a store is reported, and the other stores are set', () => {
    const { errors, onError } = reporting()
    const failing: StoreFactory<RecordingKind> = {
      create<T>(initial: T) {
        const made = recordingStores.create(initial)
        const set = (value: T) =>
          (value as DUUIContext).kind === 'DocumentContext' ? fail() : made.set(value)
        return { store: made.store, set }
      },
    }
    const contexts = new ContextRegistry<DUUIContext>({ onError })
      .storedIn(failing)
      .keyed('DocumentContext', (c) => c.path)
      .single('ComposerContext')
      .union('DocumentProcessContext', (c) => [c.document, c.composer])
    contexts.entity('DocumentContext', '/a')
    const { values } = contexts.entity('ComposerContext')
    contexts.dispatch(documentProcess('/a'))
    expectReport(errors, 'store of DocumentContext "/a"')
    expect(values).toHaveLength(2)
    expect(contexts.slot('DocumentContext').get('/a')).toBeDefined()
  })

  it('in the store of the keys is reported', () => {
    const { errors, onError } = reporting()
    const contexts = new ContextRegistry<DUUIContext>({ onError })
      .storedIn<RecordingKind>({
        create: (initial) => ({ ...recordingStores.create(initial), set: fail }),
      })
      .keyed('DocumentContext', (c) => c.path)
    void contexts.slot('DocumentContext').keys
    contexts.dispatch(document('/a'))
    expectReport(errors, 'store of the keys of DocumentContext')
    expect(contexts.slot('DocumentContext').size).toBe(1)
  })

  it('in a listener of a built-in store is reported', () => {
    const { errors, onError } = reporting()
    const contexts = duuiRegistry({ onError })
    contexts.entity('DocumentContext', '/a').listen(fail)
    contexts.dispatch(documentProcess('/a'))
    expect(errors).toEqual([boom])
    expect(contexts.slot('ComposerContext').get()).toBeDefined()
  })

  it('in an option is reported, and loses no event', () => {
    const { errors, onError } = reporting()
    const contexts = duuiRegistry({ onError, onDrop: fail, idOf: fail, payloads: { of: fail } })
    contexts.dispatch(document('/a'))
    contexts.fold([eventFrame(null), eventFrame(document('/b'))])
    expect(contexts.slot('DocumentContext').size).toBe(2)
    const sources = errors.map((error) => (error as WirefoldError<'handler-failed'>).detail.where)
    expect(sources).toEqual([
      'idOf option',
      'payload selector',
      'onDrop option',
      'idOf option',
      'payload selector',
    ])
  })

  it('is printed if it is thrown by onError, or if there is no onError', () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    const failing = new ContextRegistry<DUUIContext>({ onError: fail }).keyed(
      'DocumentContext',
      fail,
    )
    failing.dispatch(document('/a'))
    expect(printed).toHaveBeenCalledExactlyOnceWith(boom)
    printed.mockClear()
    new ContextRegistry<DUUIContext>().keyed('DocumentContext', fail).dispatch(document('/a'))
    expect(printed).toHaveBeenCalledOnce()
    printed.mockRestore()
  })
})

describe('building a registry', () => {
  it('rejects a duplicate slot, even if the types were not checked', () => {
    const contexts = new ContextRegistry<DUUIContext>().single('ComposerContext')
    const again = contexts as unknown as ContextRegistry<DUUIContext>
    expect(() => again.keyed('ComposerContext', () => 'a')).toThrow(/already exists/)
    expect(() => again.union('ComposerContext', () => [])).toThrow(/ComposerContext/)
  })

  it('rejects a change of the stores after the first slot', () => {
    const contexts = new ContextRegistry<DUUIContext>().single('ComposerContext')
    expect(() => contexts.storedIn(recordingStores)).toThrow(/first/)
  })

  it('rejects the entity of an unknown slot', () => {
    const contexts = duuiRegistry() as unknown as ContextRegistry<{ kind: 'other' }, 'kind'>
    const withOther = contexts.single('other')
    expect(() => withOther.entity('DocumentProcessContext' as 'other')).toThrow(/There is no slot/)
  })
})
