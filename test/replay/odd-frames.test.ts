import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import type { Frame } from 'wirefold/dialects'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import { duuiRegistry, entriesOf, slotNames, stateOf } from './duui-registry.ts'
import type { Mode } from './literal-interpreter.ts'
import { interpret } from './literal-interpreter.ts'
import { oddContexts } from './odd-contexts.ts'
import { oddMessages } from './odd-messages.ts'
import { recordedEnvelopes, recordedLines } from './recording.ts'

const oddFrames = [...oddMessages, ...oddContexts]
const mode: Mode = { order: 'timestamp', apply: 'replace' }

/** Decodes a message with the duui dialect. */
function decode(wire: unknown): readonly Frame[] {
  const decoded = duui().decode(wire)
  return decoded === undefined ? [] : 'kind' in decoded ? [decoded] : decoded
}

function events(wire: unknown): EventFrame[] {
  return decode(wire).filter((frame) => frame.kind === 'event')
}

/** A registry that records drops and errors. */
function watched() {
  const drops: string[] = []
  const errors: unknown[] = []
  const registry = duuiRegistry(mode, {
    onDrop: (_context, reason) => drops.push(reason),
    onError: (error) => errors.push(error),
  })
  return { registry, drops, errors }
}

/** An event frame with this payload, without decoding by the dialect. */
function bare(payload: unknown): EventFrame {
  return {
    kind: 'event',
    channel: 'process:p',
    type: 'event',
    payload,
    id: undefined,
    offset: undefined,
    prev: undefined,
    via: undefined,
    timestamp: undefined,
  }
}

describe('an odd message', () => {
  it.each(oddFrames)('$name › has its expected effect only', (odd) => {
    const { registry, drops, errors } = watched()
    const frames = decode(odd.wire)
    expect(frames.map((frame) => (frame.kind === 'notice' ? frame.level : frame.kind))).toEqual([
      odd.notice ?? 'event',
      ...(odd.isUnstamped ? ['malformed'] : []),
    ])
    registry.fold(events(odd.wire))

    expect(errors).toEqual([])
    const writes = odd.writes ?? {}
    const unknown = Object.entries(odd.unknown ?? {})
    expect(stateOf(registry)).toStrictEqual(writes)
    expect([...registry.unknown.get()]).toEqual(unknown)
    expect(drops).toEqual(odd.drops ?? [])
    expect(registry.payloads.entries().map((e) => [e.type, e.content.length])).toEqual(
      odd.payloads ?? [],
    )
    const written = registry.counts()
    expect(written.created + written.set).toBe(Object.keys(writes).length)
    expect(written.unknown).toBe(unknown.length)
    expect(written.dropped).toBe(drops.length)
    expect(written.suppressed + written.stale + written.duplicates).toBe(0)
  })

  // A registry does not check the process.
  it.each(oddFrames.filter(({ name, notice }) => notice && name !== 'no process'))(
    '$name › is dropped by a registry without the dialect',
    ({ wire }) => {
      const { registry, drops, errors } = watched()
      const event = (wire as { event?: unknown } | null | undefined)?.event
      registry.fold([bare(wire), bare(event)])
      registry.dispatch(wire as DUUIContext)
      expect(stateOf(registry)).toEqual({})
      expect(errors).toEqual([])
      expect(drops).toHaveLength(3)
      expect(registry.counts()).toMatchObject({ created: 0, set: 0, unknown: 0, dropped: 3 })
    },
  )

  it('does not prevent later valid messages from being folded', () => {
    const { registry, errors } = watched()
    for (const { wire } of oddFrames) registry.fold(events(wire))
    expect(errors).toEqual([])
    const good = recordedEnvelopes().find(({ event }) => event.context.kind === 'DocumentContext')
    registry.fold(events(good))
    expect(entriesOf(registry, 'documents').at(-1)?.[1]).toEqual(good?.event.context)
  })

  it('does not affect a run in which it is inserted', () => {
    const { registry } = watched()
    const silent = oddFrames.filter(({ writes }) => writes === undefined)
    expect(silent.length).toBeGreaterThan(25)
    for (const [index, line] of recordedLines.entries()) {
      registry.fold([...events(silent[index % silent.length]?.wire), ...events(JSON.parse(line))])
    }
    const expected = interpret(recordedEnvelopes(), mode)
    for (const slot of slotNames) {
      expect(entriesOf(registry, slot)).toEqual([...expected.state[slot]])
    }
    expect(registry.counts()).toMatchObject(expected.counts)
  })

  it('does not change Object.prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const { registry } = watched()
    const merging = duuiRegistry({ order: 'arrival', apply: 'merge' })
    for (const { wire } of [...oddFrames, ...oddFrames]) {
      registry.fold(events(wire))
      merging.fold(events(wire))
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(({} as { kind?: unknown }).kind).toBeUndefined()
  })

  it('with NaN in a field never equals itself, and is set again', () => {
    const { registry } = watched()
    const timestamp = 1
    const twice = oddFrames.find(({ name }) => name === 'fields of the wrong type')
    registry.fold([...events(twice?.wire), ...events(twice?.wire)])
    expect(registry.counts()).toMatchObject({ created: 1, set: 0, suppressed: 1 })
    const context = { ...(twice?.writes?.['documents /a.txt'] as DUUIContext) }
    registry.dispatch(context, { timestamp })
    expect(registry.counts()).toMatchObject({ created: 1, set: 1, suppressed: 1 })
  })

  it('with a cyclic context is dropped', () => {
    const { registry, drops } = watched()
    const context = { kind: 'DocumentProcessContext', event_id: 'e', status: '', thread: '' }
    registry.dispatch(Object.assign(context, { document: context }) as unknown as DUUIContext)
    expect(drops).toEqual(['cycle'])
    expect(stateOf(registry)).toEqual({})
  })

  it('with an unknown kind is counted by kind, each time', () => {
    const { registry } = watched()
    const wire = oddFrames.find(({ name }) => name === 'an unknown kind')?.wire
    for (let n = 0; n < 3; n++) registry.fold(events(wire))
    expect(registry.unknown.get()).toEqual(new Map([['DefaultContext', 3]]))
    expect(registry.counts().unknown).toBe(3)
  })
})
