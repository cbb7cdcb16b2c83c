import { describe, expect, it } from 'vitest'
import { ContextRegistry } from 'wirefold'
import type { DUUIContext, DUUIPayload } from 'wirefold/dialects/duui'
import { component, document, duuiRegistry, instance, step } from './duui-samples.ts'

const logs: DUUIPayload = { content: 'POST 200', type: 'LOGS' }

describe('the payload log of a registry', () => {
  it('stores a payload once that several contexts of an event contain', () => {
    const contexts = duuiRegistry()
    const event = step('/a', 'i', {
      event_id: 'p_1',
      payload: logs,
      instantiated_component: instance('i', {
        payload: { ...logs },
        component: component('tokenizer', { payload: { ...logs } }),
      }),
    })
    contexts.dispatch(event, { timestamp: 7 })
    expect(contexts.payloads.entries()).toEqual([
      {
        eventId: 'p_1',
        kind: 'DocumentComponentProcessContext',
        key: undefined,
        thread: 'main',
        timestamp: 7,
        ...logs,
      },
    ])
    const { payloads } = contexts
    expect(payloads.byEvent('p_1')).toHaveLength(1)
    expect(payloads.byThread('main')).toHaveLength(1)
    expect(payloads.byEntity('InstantiatedComponentContext', 'i')).toHaveLength(1)
    expect(payloads.byEntity('ComponentContext', 'tokenizer')).toHaveLength(1)
    expect(payloads.byEntity('DocumentContext', '/a')).toHaveLength(0)
  })

  it('has no entry for a payload of type NONE, unless the option `of` returns it', () => {
    const none = document('/a', { payload: { content: '', type: 'NONE' } })
    const contexts = duuiRegistry()
    contexts.dispatch(none, { id: 'e1' })
    expect(contexts.payloads.entries()).toEqual([])
    const own = new ContextRegistry<DUUIContext>({ payloads: { of: (context) => context.payload } })
    const all = own.keyed('DocumentContext', (context) => context.path)
    all.dispatch(none, { id: 'e1' })
    expect(all.payloads.byEvent('e1')).toMatchObject([{ type: 'NONE' }])
  })

  it('keeps a payload even if the next context of its entity has none', () => {
    const contexts = duuiRegistry()
    contexts.dispatch(document('/a', { payload: logs }), { id: 'e1' })
    contexts.dispatch(document('/a'), { id: 'e2' })
    expect(contexts.slot('DocumentContext').get('/a')?.payload).toBeUndefined()
    expect(contexts.payloads.byEntity('DocumentContext', '/a')).toMatchObject([logs])
  })

  it('has the payload before any store notifies of the event', () => {
    const contexts = duuiRegistry()
    let found = 0
    contexts.entity('DocumentContext', '/a').listen(() => {
      found = contexts.payloads.byEntity('DocumentContext', '/a').length
    })
    contexts.dispatch(document('/a', { payload: logs }))
    expect(found).toBe(1)
  })

  it('stores the payloads that the option `of` returns', () => {
    const contexts = new ContextRegistry<DUUIContext>({
      payloads: {
        of: (c) =>
          c.kind === 'DocumentContext' && c.error !== null
            ? { content: c.error, type: 'ERROR' }
            : undefined,
      },
    }).keyed('DocumentContext', (c) => c.path)
    contexts.dispatch(document('/a', { payload: logs }))
    contexts.dispatch(document('/a', { error: 'broken' }))
    expect(contexts.payloads.entries()).toMatchObject([{ content: 'broken', type: 'ERROR' }])
  })

  it('ignores invalid payloads', () => {
    const contexts = duuiRegistry()
    for (const payload of ['null', '7', '{}', '{"content":7,"type":"x"}', '[]']) {
      contexts.dispatch(
        JSON.parse(`{"kind":"DocumentContext","path":"/a","payload":${payload},"thread":7}`),
      )
    }
    expect(contexts.payloads.entries()).toEqual([])
    expect(contexts.slot('DocumentContext').size).toBe(1)
  })

  it('has no thread if the context has none', () => {
    const contexts = duuiRegistry()
    contexts.dispatch({ ...document('/a', { payload: logs }), thread: JSON.parse('7') })
    expect(contexts.payloads.entries()).toMatchObject([{ thread: undefined }])
  })

  it('keeps its limits over 100,000 events', () => {
    const contexts = duuiRegistry({ payloads: { entries: 100, chars: 10_000 } })
    for (let n = 0; n < 100_000; n++) {
      const payload: DUUIPayload = { content: `${n}`.padEnd(n % 300, '.'), type: 'LOGS' }
      contexts.dispatch(document(`/${n % 50}`, { event_id: `p_${n}`, payload }))
    }
    const entries = contexts.payloads.entries()
    expect(entries.length).toBeLessThanOrEqual(100)
    expect(entries.length).toBeGreaterThan(20)
    expect(entries.reduce((sum, e) => sum + e.content.length + 4, 0)).toBeLessThanOrEqual(10_000)
    expect(entries.at(-1)?.eventId).toBe('p_99999')
    expect(contexts.payloads.byEvent('p_0')).toEqual([])
  })
})
