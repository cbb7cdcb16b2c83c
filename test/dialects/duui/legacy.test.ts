import { describe, expect, it } from 'vitest'
import { ContextRegistry, type EventFrame } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { duui, duuiDialect } from 'wirefold/dialects/duui'
import { framesOf } from '../../../src/testing/suites/dialect-harness.ts'
import { duuiRegistry, entriesOf, slotNames, stateOf } from '../../replay/duui-registry.ts'
import { interpret } from '../../replay/literal-interpreter.ts'
import { oddContexts } from '../../replay/odd-contexts.ts'
import { oddMessages } from '../../replay/odd-messages.ts'
import { composer, document, envelope, process } from '../../replay/odd-samples.ts'
import { recordedEnvelopes, recordedLines } from '../../replay/recording.ts'

const derive = duuiDialect({ legacy: 'derive' })
const mode = { order: 'arrival', apply: 'replace' } as const

/** A registry fed by a dialect; `feed` returns the kinds of the decoded frames. */
function fed(dialect = derive()) {
  const registry = duuiRegistry(mode)
  return {
    registry,
    feed(wire: unknown): readonly string[] {
      const frames = framesOf(dialect, wire)
      registry.fold(frames.filter((frame): frame is EventFrame => frame.kind === 'event'))
      return frames.map((frame) => (frame.kind === 'event' ? frame.type : frame.kind))
    },
    document: (path: string) => registry.slot('DocumentContext').get(path),
  }
}

const delta = (status: string, more: object = {}) => ({
  type: 'documents_delta',
  process_id: 'p',
  documents: [{ path: '/a.txt', status }],
  ...more,
})
const stamped = (status: string, timestamp: number) => ({
  ...(envelope({ ...document, status }) as object),
  timestamp,
})

describe('the older formats of a DUUI gateway', () => {
  it('are ignored by default, each with a notice', () => {
    for (const dialect of [duui, duuiDialect(), duuiDialect({ legacy: undefined })]) {
      expect(fed(dialect()).feed(delta('Active'))).toEqual(['notice'])
      expect(dialect()).toBe(duui())
    }
  })

  it('become contexts of the same kinds, in events of their own types', () => {
    const { registry, feed } = fed()
    const process = { _id: { $oid: 'p' }, status: 'Active', progress: 3, started_at: 5 }
    expect(feed({ type: 'process_state', process })).toEqual(['process_state'])
    expect(feed(delta('Decode', { process_id: undefined }))).toEqual(['documents_delta'])
    expect(stateOf(registry)).toEqual({
      composer: {
        ...{ kind: 'ComposerContext', event_id: '', thread: '', runKey: '', pipeline_status: {} },
        ...{ ...process, total: 0 },
      },
      'documents /a.txt': {
        ...{ kind: 'DocumentContext', event_id: '', thread: '', path: '/a.txt', status: 'Decode' },
      },
    })
  })

  it('become a context even if a process_state contains the fields of its process directly', () => {
    const { registry, feed } = fed()
    const flat = { type: 'process_state', process_id: 'p', timestamp: 7 }
    expect(feed({ ...flat, status: 'Active', progress: 3 })).toEqual(['process_state'])
    expect(registry.slot('ComposerContext').get()).toEqual({
      ...{ kind: 'ComposerContext', event_id: '', thread: '', runKey: '', pipeline_status: {} },
      ...{ process_id: 'p', status: 'Active', progress: 3, total: 0 },
    })
    feed({ ...(envelope({ ...composer, progress: 5 }) as object), timestamp: 8 })
    expect(feed({ ...flat, status: 'Old', progress: 4 })).toEqual(['notice'])
    expect(registry.slot('ComposerContext').get()?.progress).toBe(5)
    const bare = { kind: 'process_state', timestamp: 9, status: 'Done' }
    expect(feed(bare)).toEqual(['process_state'])
    expect(registry.slot('ComposerContext').get()?.status).toBe('Done')
    expect(feed({ type: 'other_state', process_id: 'p', status: 'x' })).toEqual(['notice'])
  })

  it('belong to the process they name, to the previous one, or to that of the URL', () => {
    const channelOf = (dialect: ReturnType<typeof derive>, wire: unknown) =>
      framesOf(dialect, wire).map((frame) => (frame.kind === 'event' ? frame.channel : frame.kind))
    const bare = { type: 'documents_delta', documents: [{ path: '/a.txt' }] }
    const one = derive()
    expect(channelOf(one, bare)).toEqual(['notice'])
    channelOf(one, { process: { _id: { $oid: 'first' } } })
    expect(channelOf(one, bare)).toEqual(['process:first'])
    const other = derive()
    expect(other.url('ws://host/ws/processes/42/events?x=1', { token: 't' })).toBe(
      'ws://host/ws/processes/42/events?x=1&token=t',
    )
    expect(channelOf(other, bare)).toEqual(['process:42'])
    expect(channelOf(derive(), { documents: [{ path: '/a', process_id: 'row' }] })).toEqual([
      'process:row',
    ])
  })

  it('never replace the context of a newer envelope', () => {
    const { feed, document: entry } = fed()
    feed(delta('Waiting', { timestamp: 50 }))
    expect(entry('/a.txt')?.status).toBe('Waiting')
    feed(stamped('Process', 100))
    expect(feed(delta('Decode', { timestamp: 99 }))).toEqual(['notice'])
    expect(feed(delta('Decode', { timestamp: 100 }))).toEqual(['notice'])
    // A format without a timestamp counts as older than every envelope.
    expect(feed(delta('Decode'))).toEqual(['notice'])
    expect(entry('/a.txt')?.status).toBe('Process')
    expect(feed(delta('Completed', { timestamp: 101 }))).toEqual(['documents_delta'])
    expect(entry('/a.txt')?.status).toBe('Completed')
  })

  it('never replace a context nested in an envelope, and only that one', () => {
    const { feed, document: entry, registry } = fed()
    feed({ ...(envelope(process) as object), timestamp: 100 })
    const both = { documents: [{ path: '/a.txt' }, { path: '/b.txt', status: 'New' }] }
    expect(feed(delta('Old', both))).toEqual(['documents_delta'])
    expect(entry('/a.txt')).toEqual(document)
    expect(entry('/b.txt')?.status).toBe('New')
    expect(feed({ process: { _id: 'p', status: 'Old' }, timestamp: 99 })).toEqual(['notice'])
    expect(registry.slot('ComposerContext').get()?.status).toBe('Active')
  })

  it('are replaced by newer envelopes if the registry orders by timestamp', () => {
    const slow = duuiRegistry({ order: 'timestamp', apply: 'replace' })
    const fold = (wire: unknown) =>
      slow.fold(framesOf(derive(), wire).filter((f): f is EventFrame => f.kind === 'event'))
    // Each with its own dialect instance, which has no state of the others.
    fold(stamped('Process', 100))
    fold(delta('Old', { timestamp: 99 }))
    fold(delta('Old'))
    expect(slow.slot('DocumentContext').get('/a.txt')?.status).toBe('Process')
  })

  it('change nothing in a run whose envelopes contain the same and more', () => {
    const { registry, feed } = fed()
    for (const line of recordedLines) {
      const { timestamp, event } = JSON.parse(line)
      feed({ timestamp, event })
      feed({
        ...{ type: 'process_state', timestamp: timestamp - 1, process_id: event.process_id },
        ...(event.context.kind === 'DocumentContext' && {
          documents: [{ path: event.context.path, status: 'Old' }],
        }),
      })
    }
    const expected = interpret(recordedEnvelopes(), mode)
    for (const slot of slotNames) {
      expect(entriesOf(registry, slot)).toEqual([...expected.state[slot]])
    }
  })

  it('are read as the later frontend sends them: an initial snapshot, then wrapped events', () => {
    const { registry, feed } = fed()
    const init = {
      ...{ kind: 'init', server_time: 10 },
      process: { _id: 'p', status: 'Active' },
      documents: [{ path: '/a.txt', status: 'Waiting' }],
    }
    expect(feed(init)).toEqual(['init', 'init'])
    expect(Object.keys(stateOf(registry))).toEqual(['composer', 'documents /a.txt'])
    const event = { event_id: 'p_1', sender: null, message: '', level: 'NONE', context: document }
    const wrapped = { kind: 'event', process_id: 'p', timestamp: 11, event }
    for (const dialect of [duui(), derive()]) {
      expect(framesOf(dialect, wrapped)).toMatchObject([{ channel: 'process:p', id: 'p_1' }])
    }
    expect(feed({ kind: 'update', updates: [] })).toEqual(['notice'])
  })

  it('are ignored if they are odd', () => {
    const { registry, feed } = fed()
    const odd = [
      { type: 'process_state' },
      { type: 'process_state', process: null, process_id: 'p' },
      { type: 'documents_delta', process_id: 'p', documents: {} },
      { type: 'documents_delta', process_id: 'p', documents: [null, 'x', []] },
    ]
    for (const wire of odd) expect(feed(wire)).toEqual(['notice'])
    feed({ process_id: 'p', documents: [{ path: 7, status: 9 }, { path: '__proto__' }] })
    expect(Object.keys(stateOf(registry))).toEqual(['documents __proto__'])
    expect(({} as { status?: unknown }).status).toBeUndefined()
  })

  it.each([...oddMessages, ...oddContexts])('are not recognized in $name', ({ wire }) => {
    const isState = Object.keys(Object(wire)).some((name) => /^(process|documents)$/.test(name))
    const frames = framesOf(derive(), wire)
    if (isState) expect(frames).toHaveLength(1)
    else expect(frames).toEqual(framesOf(duui(), wire))
  })

  it('are compared with a bounded number of remembered entities', () => {
    const dialect = derive()
    const registry = new ContextRegistry<DUUIContext>()
    for (let n = 0; n < 10_001; n++) {
      framesOf(dialect, stamped('Process', 100))
      framesOf(dialect, { ...(envelope({ ...document, path: `/${n}` }) as object), timestamp: 100 })
    }
    expect(registry.counts().created).toBe(0)
    // The oldest entity is forgotten, the newest is not.
    const old = (path: string) =>
      framesOf(dialect, { process_id: 'p', documents: [{ path }] }).map(({ kind }) => kind)
    expect(old('/10000')).toEqual(['notice'])
    expect(old('/0')).toEqual(['event'])
  })
})
