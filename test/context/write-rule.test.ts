import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { EventMeta, EventOrder } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { composer, document, duuiRegistry, step } from './duui-samples.ts'
import { recordingStores } from './recording-stores.ts'

type Note = { kind: 'note'; id: string; text?: string; tags?: unknown; at?: number }

const notes = () => new ContextRegistry<Note>().storedIn(recordingStores)
const keyOf = (note: Note) => note.id

describe('a keyed slot', () => {
  it('replaces the value, so that missing fields are removed', () => {
    const contexts = notes().keyed('note', keyOf)
    contexts.dispatch({ kind: 'note', id: 'a', text: 'x' })
    contexts.dispatch({ kind: 'note', id: 'a', at: 1 })
    expect(contexts.slot('note').get('a')).toEqual({ kind: 'note', id: 'a', at: 1 })
  })

  it('merges the incoming context into the previous one with `apply: merge`', () => {
    const contexts = notes().keyed('note', keyOf, { apply: 'merge' })
    contexts.dispatch({ kind: 'note', id: 'a', text: 'x', at: 1 })
    contexts.dispatch({ kind: 'note', id: 'a', at: 2 })
    expect(contexts.slot('note').get('a')).toEqual({ kind: 'note', id: 'a', text: 'x', at: 2 })
  })

  it('compares the merged value with the previous one', () => {
    const contexts = notes().keyed('note', keyOf, { apply: 'merge' })
    const { values } = contexts.entity('note', 'a')
    contexts.dispatch({ kind: 'note', id: 'a', text: 'x', at: 1 })
    contexts.dispatch({ kind: 'note', id: 'a', at: 1 })
    expect(values).toHaveLength(2)
    expect(contexts.counts().suppressed).toBe(1)
  })

  it('keeps an equal value, including its identity', () => {
    const contexts = notes().keyed('note', keyOf)
    const { values } = contexts.entity('note', 'a')
    const first: Note = { kind: 'note', id: 'a', text: 'x' }
    contexts.dispatch(first)
    contexts.dispatch({ ...first })
    contexts.dispatch(first)
    expect(values).toEqual([undefined, first])
    expect(contexts.slot('note').get('a')).toBe(first)
    expect(contexts.counts()).toMatchObject({ created: 1, set: 0, suppressed: 2 })
  })

  it('sets a value with NaN or a nested object every time', () => {
    const contexts = notes().keyed('note', keyOf)
    const { values } = contexts.entity('note', 'a')
    for (let n = 0; n < 3; n++) contexts.dispatch({ kind: 'note', id: 'a', at: Number.NaN })
    for (let n = 0; n < 3; n++) contexts.dispatch({ kind: 'note', id: 'a', tags: [] })
    expect(values).toHaveLength(7)
    expect(contexts.counts()).toMatchObject({ created: 1, set: 5, suppressed: 0 })
  })

  it('sets equal values with `equality: always`', () => {
    const contexts = notes().keyed('note', keyOf, { equality: 'always' })
    const { values } = contexts.entity('note', 'a')
    const note: Note = { kind: 'note', id: 'a' }
    for (const context of [note, { ...note }, note]) contexts.dispatch(context)
    expect(values).toHaveLength(4)
    expect(contexts.counts()).toMatchObject({ created: 1, set: 2, suppressed: 0 })
  })
})

describe('a single slot', () => {
  it('is set every time, even by an equal or identical context', () => {
    const contexts = notes().single('note')
    const { values } = contexts.entity('note')
    const note: Note = { kind: 'note', id: 'a' }
    for (const context of [note, { ...note }, note, note]) contexts.dispatch(context)
    expect(values).toHaveLength(5)
    expect(contexts.counts()).toMatchObject({ created: 0, set: 4, suppressed: 0 })
  })

  it('counts an identical object as set, though the built-in store does not notify of it', () => {
    const contexts = new ContextRegistry<Note>().single('note')
    const received: unknown[] = []
    contexts.entity('note').listen((note) => received.push(note))
    const note: Note = { kind: 'note', id: 'a' }
    contexts.dispatch(note)
    contexts.dispatch(note)
    contexts.dispatch({ ...note })
    expect(received).toHaveLength(2)
    expect(contexts.counts().set).toBe(3)
  })

  it('keeps an equal value with `equality: shallow`', () => {
    const contexts = notes().single('note', { equality: 'shallow' })
    const { values } = contexts.entity('note')
    for (let n = 0; n < 3; n++) contexts.dispatch({ kind: 'note', id: 'a' })
    expect(values).toHaveLength(2)
    expect(contexts.counts()).toMatchObject({ set: 1, suppressed: 2 })
  })

  it('merges with `apply: merge`', () => {
    const contexts = notes().single('note', { apply: 'merge' })
    contexts.dispatch({ kind: 'note', id: 'a', text: 'x' })
    contexts.dispatch({ kind: 'note', id: 'b' })
    expect(contexts.slot('note').get()).toEqual({ kind: 'note', id: 'b', text: 'x' })
  })
})

describe('the order of a slot', () => {
  function lastText(order: EventOrder, ...events: readonly (readonly [string, EventMeta])[]) {
    const contexts = notes().keyed('note', keyOf, { order })
    for (const [text, meta] of events) contexts.dispatch({ kind: 'note', id: 'a', text }, meta)
    return { text: contexts.slot('note').get('a')?.text, stale: contexts.counts().stale }
  }

  it('is the order of arrival by default', () => {
    const contexts = notes().keyed('note', keyOf)
    contexts.dispatch(
      { kind: 'note', id: 'a', text: 'new' },
      { id: 'e_2', timestamp: 2, offset: 2 },
    )
    contexts.dispatch(
      { kind: 'note', id: 'a', text: 'late' },
      { id: 'e_1', timestamp: 1, offset: 1 },
    )
    expect(contexts.slot('note').get('a')?.text).toBe('late')
  })

  it('keeps the newest by timestamp', () => {
    const late = lastText('timestamp', ['new', { timestamp: 2 }], ['late', { timestamp: 1 }])
    expect(late).toEqual({ text: 'new', stale: 1 })
  })

  it('keeps the newest by offset, regardless of the timestamps', () => {
    const late = lastText(
      'offset',
      ['new', { offset: 2, timestamp: 1 }],
      ['late', { offset: 1, timestamp: 2 }],
    )
    expect(late).toEqual({ text: 'new', stale: 1 })
  })

  it('keeps the newest by id, compared as numbers', () => {
    expect(lastText('id', ['9', { id: 'p_9' }], ['10', { id: 'p_10' }]).text).toBe('10')
    expect(lastText('id', ['10', { id: 'p_10' }], ['9', { id: 'p_9' }]).text).toBe('10')
    expect(lastText('id', ['5-9', { id: '5-9' }], ['5-10', { id: '5-10' }]).text).toBe('5-10')
  })

  it('prefers the later arrival if the sort keys are equal', () => {
    const equal = lastText('timestamp', ['first', { timestamp: 2 }], ['second', { timestamp: 2 }])
    expect(equal).toEqual({ text: 'second', stale: 0 })
  })

  it.each([
    ['timestamp', { timestamp: 2 }, { timestamp: Number.NaN, offset: 9, id: 'p_9' }],
    ['offset', { offset: 2 }, { timestamp: 9, id: 'p_9' }],
    ['id', { id: 'p_2' }, { id: 'none', timestamp: 9, offset: 9 }],
  ] as const)('never replaces an event by one without a %s', (order, known, unknown) => {
    const drops: unknown[] = []
    const contexts = new ContextRegistry<Note>({ onDrop: (_, reason) => drops.push(reason) }).keyed(
      'note',
      keyOf,
      { order },
    )
    const text = (text: string, meta: EventMeta) => {
      contexts.dispatch({ kind: 'note', id: 'a', text }, meta)
      return contexts.slot('note').get('a')?.text
    }
    // Of two events without a sort key the later arrival wins; any with one beats both.
    expect(text('first', unknown)).toBe('first')
    expect(text('second', unknown)).toBe('second')
    expect(text('stamped', known)).toBe('stamped')
    expect(drops).toEqual([])
    expect(text('third', unknown)).toBe('stamped')
    expect(drops).toEqual(['no-sort-key'])
    expect(contexts.counts()).toMatchObject({ dropped: 1, stale: 0 })
  })

  it('allows an event without a sort key to recreate a deleted entity', () => {
    const contexts = notes().keyed('note', keyOf, { order: 'timestamp' })
    contexts.dispatch({ kind: 'note', id: 'a', text: 'old' }, { timestamp: 2 })
    contexts.slot('note').delete('a')
    contexts.dispatch({ kind: 'note', id: 'a', text: 'new' })
    expect(contexts.slot('note').get('a')?.text).toBe('new')
  })

  it('advances with an equal context that changed nothing', () => {
    const events = [
      ['x', { timestamp: 1 }],
      ['x', { timestamp: 3 }],
      ['late', { timestamp: 2 }],
    ] as const
    expect(lastText('timestamp', ...events)).toEqual({ text: 'x', stale: 1 })
  })

  it('is compared per entity', () => {
    const contexts = notes().keyed('note', keyOf, { order: 'timestamp' })
    contexts.dispatch({ kind: 'note', id: 'a' }, { timestamp: 2 })
    contexts.dispatch({ kind: 'note', id: 'b' }, { timestamp: 1 })
    expect(contexts.slot('note').size).toBe(2)
  })

  it('is compared per slot for each part, with the timestamp of the event', () => {
    const contexts = new ContextRegistry<DUUIContext>()
      .keyed('DocumentContext', (c) => c.path, { order: 'timestamp' })
      .single('ComposerContext')
      .union('DocumentProcessContext', (c) => [c.document, c.composer])
    const at = (progress: number): DUUIContext => ({
      ...step('/a', 'i').document,
      document: document('/a', { progress }),
      composer: composer({ progress }),
    })
    contexts.dispatch(at(2), { timestamp: 2 })
    contexts.dispatch(at(1), { timestamp: 1 })
    expect(contexts.slot('DocumentContext').get('/a')?.progress).toBe(2)
    expect(contexts.slot('ComposerContext').get()?.progress).toBe(1)
    expect(contexts.counts().stale).toBe(1)
  })

  it('uses the event id of the context if the event has none', () => {
    const contexts = new ContextRegistry<DUUIContext>().keyed('DocumentContext', (c) => c.path, {
      order: 'id',
    })
    contexts.dispatch(document('/a', { event_id: 'p_10', progress: 10 }))
    contexts.dispatch(document('/a', { event_id: 'p_9', progress: 9 }))
    expect(contexts.slot('DocumentContext').get('/a')?.progress).toBe(10)
  })

  test.prop([fc.shuffledSubarray([...Array(12).keys()], { minLength: 1 })])(
    'gives the same final state for every permutation of a stream',
    (stream) => {
      for (const order of ['timestamp', 'offset', 'id'] as const) {
        const contexts = notes().keyed('note', keyOf, { order })
        for (const n of stream) {
          const meta = { timestamp: n, offset: n, id: `p_${n}` }
          contexts.dispatch({ kind: 'note', id: 'a', at: n }, meta)
        }
        expect(contexts.slot('note').get('a')?.at).toBe(Math.max(...stream))
      }
    },
  )
})

describe('de-duplication', () => {
  const once = { id: 'e1' }

  it('is off by default', () => {
    const contexts = notes().single('note')
    for (let n = 0; n < 2; n++) contexts.dispatch({ kind: 'note', id: 'a' }, once)
    expect(contexts.counts()).toMatchObject({ set: 2, duplicates: 0 })
  })

  it('ignores a processed event completely, including its parts', () => {
    const contexts = duuiRegistry({ dedupe: true })
    const event = step('/a', 'i', { event_id: 'p_1' })
    contexts.dispatch(event)
    const before = contexts.counts()
    contexts.dispatch(step('/b', 'j', { event_id: 'p_1' }))
    expect(contexts.counts()).toEqual({ ...before, duplicates: 1 })
  })

  it('accepts all events without an id', () => {
    const contexts = new ContextRegistry<Note>({ dedupe: true }).single('note')
    for (const meta of [{}, {}, { id: '' }, { id: '' }])
      contexts.dispatch({ kind: 'note', id: 'a' }, meta)
    expect(contexts.counts()).toMatchObject({ set: 4, duplicates: 0 })
  })

  it('uses the id that the option `idOf` returns', () => {
    const contexts = new ContextRegistry<Note>({ dedupe: true, idOf: (n) => n.id }).single('note')
    for (const id of ['a', 'a', 'b']) contexts.dispatch({ kind: 'note', id })
    expect(contexts.counts()).toMatchObject({ set: 2, duplicates: 1 })
  })

  it('stores as many ids as configured', () => {
    const contexts = new ContextRegistry<Note>({ dedupe: { entries: 2 } }).single('note')
    for (const id of ['1', '2', '3', '1', '3']) contexts.dispatch({ kind: 'note', id }, { id })
    expect(contexts.counts()).toMatchObject({ set: 4, duplicates: 1 })
  })
})
