import { describe, expect, it } from 'vitest'
import type { StoreFactory, StoreKind } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import {
  component,
  composer,
  document,
  documentProcess,
  instance,
  reader,
  step,
  worker,
} from './duui-samples.ts'
import { eventFrame } from './event-frames.ts'

interface NoKind extends StoreKind {
  readonly store: null
}

/** A registry whose stores record the kinds of their values, in order. */
function traced() {
  const trace: string[] = []
  const tracing: StoreFactory<NoKind> = {
    create: () => ({
      store: null,
      set: (value: unknown) => void trace.push((value as DUUIContext).kind.replace('Context', '')),
    }),
  }
  const contexts = new ContextRegistry<DUUIContext>()
    .storedIn(tracing)
    .single('ComposerContext')
    .keyed('WorkerContext', (c) => c.thread || c.name, { parts: (c) => [c.composer] })
    .keyed('DocumentContext', (c) => c.path)
    .keyed('ComponentContext', (c) => c.component)
    .keyed('InstantiatedComponentContext', (c) => c.instance_id, { parts: (c) => [c.component] })
    .union('DocumentProcessContext', (c) => [c.document, c.composer])
    .union('DocumentComponentProcessContext', (c) => [c.document, c.instantiated_component])
  // Only requested stores are set.
  contexts.entity('ComposerContext')
  contexts.entity('WorkerContext', 'w')
  contexts.entity('DocumentContext', '/a')
  contexts.entity('ComponentContext', 'tokenizer')
  contexts.entity('InstantiatedComponentContext', 'i')
  return { contexts, trace }
}

describe('the parts of a context', () => {
  it('are written after a worker: its composer', () => {
    const { contexts, trace } = traced()
    contexts.dispatch(worker('w'))
    expect(trace).toEqual(['Worker', 'Composer'])
  })

  it('are all that is written of a union: a document, then its composer', () => {
    const { contexts, trace } = traced()
    contexts.dispatch(documentProcess('/a'))
    expect(trace).toEqual(['Document', 'Composer'])
  })

  it('are written after an instance: its component', () => {
    const { contexts, trace } = traced()
    contexts.dispatch(instance('i'))
    expect(trace).toEqual(['InstantiatedComponent', 'Component'])
  })

  it('are expanded recursively, three levels deep', () => {
    const { contexts, trace } = traced()
    contexts.dispatch(step('/a', 'i'))
    expect(trace).toEqual(['Document', 'Composer', 'InstantiatedComponent', 'Component'])
  })

  it('keep their own status, not that of the union', () => {
    const { contexts } = traced()
    contexts.dispatch(
      step('/a', 'i', {
        status: 'Component Process',
        document: documentProcess('/a', { document: document('/a', { status: 'Waiting' }) }),
      }),
    )
    expect(contexts.slot('DocumentContext').get('/a')?.status).toBe('Waiting')
  })

  it('are skipped if they are not objects', () => {
    type Node = { kind: 'node'; id: string; nodes: unknown[] }
    const contexts = new ContextRegistry<Node>().keyed('node', (n) => n.id, {
      parts: (n) => n.nodes,
    })
    const leaf = { kind: 'node', id: 'b', nodes: [] }
    contexts.dispatch({ kind: 'node', id: 'a', nodes: [undefined, null, 'x', 7, [leaf], leaf] })
    expect(contexts.slot('node').keys.get()).toEqual(['a', 'b'])
    expect(contexts.counts().dropped).toBe(0)
  })

  it('are empty if a peer sent another value instead of a list', () => {
    type Node = { kind: 'node'; nodes: readonly unknown[] }
    const contexts = new ContextRegistry<Node>().single('node', { parts: (node) => node.nodes })
    for (const nodes of [null, 'text', 7, { length: 1 }]) {
      contexts.fold([eventFrame({ kind: 'node', nodes })])
    }
    expect(contexts.counts()).toMatchObject({ set: 4, dropped: 0 })
  })

  it('are folded even if their context has no entity', () => {
    const contexts = new ContextRegistry<DUUIContext>()
      .keyed('WorkerContext', () => undefined, { parts: (c) => [c.composer] })
      .single('ComposerContext')
    contexts.dispatch(worker('w'))
    expect(contexts.slot('ComposerContext').get()).toBeDefined()
    expect(contexts.slot('WorkerContext').size).toBe(0)
    expect(contexts.counts().dropped).toBe(1)
  })
})

describe('a cyclic context', () => {
  type Node = { kind: 'node'; id: string; nodes: Node[] }
  const nodes = (dropped: string[]) =>
    new ContextRegistry<Node>({ onDrop: (_, reason) => dropped.push(reason) }).keyed(
      'node',
      (node) => node.id,
      { parts: (node) => node.nodes },
    )

  it('is folded once, for any number of cycles', () => {
    const dropped: string[] = []
    const contexts = nodes(dropped)
    const [a, b]: [Node, Node] = [
      { kind: 'node', id: 'a', nodes: [] },
      { kind: 'node', id: 'b', nodes: [] },
    ]
    a.nodes.push(b, a, b)
    b.nodes.push(a)
    contexts.dispatch(a)
    expect(contexts.counts()).toMatchObject({ created: 2, suppressed: 1, dropped: 3 })
    expect(dropped).toEqual(['cycle', 'cycle', 'cycle'])
  })

  it('is folded again by the next event, and by a dispatch of a listener', () => {
    const contexts = nodes([])
    const a: Node = { kind: 'node', id: 'a', nodes: [{ kind: 'node', id: 'b', nodes: [] }] }
    let again = true
    contexts.entity('node', 'b').listen(() => {
      if (again) contexts.dispatch({ kind: 'node', id: 'around', nodes: [a] })
      again = false
    })
    contexts.dispatch(a)
    contexts.dispatch(a)
    expect(contexts.counts()).toMatchObject({ created: 3, suppressed: 4, dropped: 0 })
  })

  it('is folded up to 64 levels', () => {
    const dropped: string[] = []
    const contexts = nodes(dropped)
    let chain: Node = { kind: 'node', id: '100', nodes: [] }
    for (let n = 99; n > 0; n--) chain = { kind: 'node', id: `${n}`, nodes: [chain] }
    contexts.dispatch(chain)
    expect(contexts.slot('node').size).toBe(64)
    expect(dropped).toEqual(['too-deep'])
  })
})

describe('a reducer', () => {
  it('folds all contexts of a kind into one state', () => {
    const contexts = new ContextRegistry<DUUIContext>().reduce('ReaderContext', {
      initial: 0,
      apply: (n, c) => n + c.read,
    })
    expect(contexts.entity('ReaderContext').get()).toBeUndefined()
    for (const read of [1, 2, 3]) contexts.dispatch(reader({ read }))
    expect(contexts.entity('ReaderContext').get()).toBe(6)
  })

  it('with a key folds each entity into its own state', () => {
    const contexts = new ContextRegistry<DUUIContext>().reduce('DocumentContext', {
      key: (c) => c.path,
      initial: [] as readonly string[],
      apply: (seen, c) => [...seen, c.status],
    })
    for (const path of ['/a', '/b', '/a']) contexts.dispatch(document(path, { status: path }))
    expect(contexts.slot('DocumentContext').get('/a')).toEqual(['/a', '/a'])
    expect(contexts.slot('DocumentContext').get('/b')).toEqual(['/b'])
  })

  it('deletes the entity with undefined, and begins anew after that', () => {
    const contexts = new ContextRegistry<DUUIContext>().reduce('DocumentContext', {
      key: (c) => c.path,
      initial: 0,
      apply: (n, c) => (c.is_finished ? undefined : n + 1),
    })
    const slot = contexts.slot('DocumentContext')
    contexts.dispatch(document('/a', { is_finished: true }))
    expect(slot.size).toBe(0)
    contexts.dispatch(document('/a'))
    contexts.dispatch(document('/a'))
    expect(contexts.entity('DocumentContext', '/a').get()).toBe(2)
    contexts.dispatch(document('/a', { is_finished: true }))
    expect(contexts.entity('DocumentContext', '/a').get()).toBeUndefined()
    expect(slot.keys.get()).toEqual([])
    contexts.dispatch(document('/a'))
    expect(contexts.entity('DocumentContext', '/a').get()).toBe(1)
  })

  it('folds the parts of its contexts, too', () => {
    const contexts = new ContextRegistry<DUUIContext>()
      .reduce('WorkerContext', { initial: 0, apply: (n) => n + 1, parts: (c) => [c.composer] })
      .single('ComposerContext')
    contexts.dispatch(worker('w'))
    expect(contexts.slot('WorkerContext').get()).toBe(1)
    expect(contexts.slot('ComposerContext').get()).toEqual(composer())
  })
})

describe('a derived slot', () => {
  const activity = (contexts: ContextRegistry<DUUIContext>) =>
    contexts.derived(
      'activity',
      'DocumentComponentProcessContext',
      (c) => `${c.document.document.path} ${c.instantiated_component.instance_id}`,
      (c) => (c.status === 'Completed' ? undefined : { status: c.status }),
      { maxEntries: 2 },
    )

  it('stores its own value of a union under its own name', () => {
    const contexts = activity(new ContextRegistry<DUUIContext>())
      .union('DocumentComponentProcessContext', (c) => [c.document, c.instantiated_component])
      .keyed('InstantiatedComponentContext', (c) => c.instance_id)
    contexts.dispatch(step('/a', 'i', { status: 'Component Process' }))
    expect(contexts.entity('activity', '/a i').get()).toEqual({ status: 'Component Process' })
    expect(contexts.slot('InstantiatedComponentContext').get('i')?.status).toBe('Active')
  })

  it('has its own equality, deletion, and limit', () => {
    const contexts = activity(new ContextRegistry<DUUIContext>())
    const slot = contexts.slot('activity')
    for (let n = 0; n < 3; n++) contexts.dispatch(step('/a', 'i'))
    expect(contexts.counts()).toMatchObject({ created: 1, set: 0, suppressed: 2, unknown: 0 })
    for (const path of ['/b', '/c']) contexts.dispatch(step(path, 'i'))
    expect(slot.keys.get()).toEqual(['/b i', '/c i'])
    contexts.dispatch(step('/b', 'i', { status: 'Completed' }))
    expect(slot.keys.get()).toEqual(['/c i'])
  })

  it('is written after the slot of its kind, and before the parts', () => {
    const contexts = new ContextRegistry<DUUIContext>()
      .derived(
        'last',
        'InstantiatedComponentContext',
        () => 'all',
        (c) => c.instance_id,
      )
      .keyed('InstantiatedComponentContext', (c) => c.instance_id, { parts: (c) => [c.component] })
      .keyed('ComponentContext', (c) => c.component)
    const trace: string[] = []
    contexts.entity('ComponentContext', 'tokenizer').listen(() => trace.push('part'))
    contexts.entity('last', 'all').listen(() => trace.push('derived'))
    contexts.entity('InstantiatedComponentContext', 'i').listen(() => trace.push('own'))
    contexts.dispatch(instance('i', { component: component('tokenizer') }))
    expect(trace).toEqual(['own', 'derived', 'part'])
  })
})
