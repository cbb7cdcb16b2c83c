import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import type { DUUIContext, DUUIEnvelope, DUUIPayload } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import type { DUUIRegistry } from './duui-registry.ts'
import { duuiRegistry, entityOf, entriesOf, kinds, slotNames } from './duui-registry.ts'
import type { Mode, Outcome, SlotName } from './literal-interpreter.ts'
import { interpret } from './literal-interpreter.ts'
import type { LoggedPayload, PayloadLimits } from './literal-payload-log.ts'
import { recordedEnvelopes, recordedLines } from './recording.ts'

const modes: readonly Mode[] = [
  { order: 'arrival', apply: 'replace' },
  { order: 'arrival', apply: 'merge' },
  { order: 'timestamp', apply: 'replace' },
  { order: 'timestamp', apply: 'merge' },
  { order: 'dedupe', apply: 'replace' },
  { order: 'dedupe', apply: 'merge' },
]

/** Functions that feed the recording to a registry; they call `after` with the number of each line. */
const feeds = {
  'context by context': (registry: DUUIRegistry, after: (line: number) => void) => {
    for (const [index, { timestamp, event }] of recordedEnvelopes().entries()) {
      registry.dispatch(event.context, { id: event._id, timestamp })
      after(index + 1)
    }
  },
  'through the dialect': (registry: DUUIRegistry, after: (line: number) => void) => {
    for (const [index, line] of recordedLines.entries()) {
      registry.fold(decode([line]))
      after(index + 1)
    }
  },
  'through the dialect, all at once': (registry: DUUIRegistry) => {
    registry.fold(decode(recordedLines))
  },
}

describe.each(modes)('a registry in the mode $order, $apply', (mode) => {
  const expected = interpret(recordedEnvelopes(), mode)

  describe.each(Object.entries(feeds))('fed %s', (_, feed) => {
    it('ends in the same state, with keys in the same order', () => {
      const registry = duuiRegistry(mode)
      feed(registry, () => {})
      for (const slot of slotNames) {
        expect(entriesOf(registry, slot)).toEqual([...expected.state[slot]])
        expect(entriesOf(registry, slot).map(([key]) => key)).toEqual(expected.keyOrder[slot])
      }
    })

    it('notifies the listener of each entity equally often, and no other', () => {
      const registry = duuiRegistry(mode)
      const calls = new Map<string, number>()
      const wanted = new Map<string, number>()
      for (const slot of slotNames) {
        for (const [key, count] of expected.setsPerKey[slot]) {
          wanted.set(`${slot} ${key}`, count)
          entityOf(registry, slot, key).listen(() => {
            calls.set(`${slot} ${key}`, (calls.get(`${slot} ${key}`) ?? 0) + 1)
          })
        }
      }
      entityOf(registry, 'documents', '/corpus/2026/never-read.txt').listen(() => {
        calls.set('never-read', 1)
      })
      feed(registry, () => {})
      expect(calls).toEqual(wanted)
    })

    it('notifies of the same values in the same order, across all slots', () => {
      const registry = duuiRegistry(mode)
      const notified: unknown[] = []
      for (const { slot, key } of entries(expected)) {
        entityOf(registry, slot, key).listen((value) => notified.push({ slot, key, value }))
      }
      feed(registry, () => {})
      expect(notified).toEqual(
        expected.trace
          .filter(({ op }) => op === 'create' || op === 'set')
          .map(({ slot, key, value }) => ({ slot, key, value })),
      )
    })

    it('has the same counts', () => {
      const registry = duuiRegistry(mode)
      feed(registry, () => {})
      expect(registry.counts()).toEqual({ ...expected.counts, unknown: 0, dropped: 0 })
    })

    it('logs the same payloads, by event, thread and entity', () => {
      const registry = duuiRegistry(mode)
      feed(registry, () => {})
      expectSameLog(registry, expected)
    })
  })

  it.each<PayloadLimits>([
    { entries: 10, chars: 1_000_000 },
    { entries: 500, chars: 900 },
    { entries: 1, chars: 1_000_000 },
  ])('keeps the same payloads within $entries entries and $chars characters', (payloads) => {
    const registry = duuiRegistry(mode, { payloads })
    feeds['through the dialect, all at once'](registry)
    expectSameLog(registry, interpret(recordedEnvelopes(), mode, payloads))
  })

  it.each([
    ['context by context', feeds['context by context']],
    ['through the dialect', feeds['through the dialect']],
  ])('fed %s › has the same operations for every line', (_, feed) => {
    const registry = duuiRegistry(mode)
    const did: object[] = []
    let before = registry.counts()
    feed(registry, () => {
      const now = registry.counts()
      did.push({
        create: now.created - before.created,
        set: now.set - before.set,
        suppressed: now.suppressed - before.suppressed,
        stale: now.stale - before.stale,
        duplicate: now.duplicates - before.duplicates,
      })
      before = now
    })
    const due = recordedLines.map(() => {
      return { create: 0, set: 0, suppressed: 0, stale: 0, duplicate: 0 }
    })
    for (const { line, op } of expected.trace) {
      const ofLine = due[line - 1]
      if (ofLine) ofLine[op]++
    }
    expect(did).toEqual(due)
  })
})

describe('the payload log', () => {
  const mode: Mode = { order: 'arrival', apply: 'replace' }
  const component = { kind: 'ComponentContext', status: '', thread: 't', component: 'c' } as const
  const carry = (event_id: string, own: DUUIPayload, nested: DUUIPayload): DUUIContext => ({
    kind: 'InstantiatedComponentContext',
    event_id,
    status: '',
    thread: 't',
    payload: own,
    instance_id: 'i',
    endpoint: '',
    component: { ...component, event_id, name: '', driver: '', instance_ids: [], payload: nested },
  })
  const logs = (content: string): DUUIPayload => ({ type: 'LOGS', content })

  it.each<[string, DUUIContext[], string[]]>([
    ['repeated by a part', [carry('1', logs('x'), logs('x'))], ['1 LOGS x']],
    [
      'of another type',
      [carry('1', logs('x'), { type: 'LUA', content: 'x' })],
      ['1 LOGS x', '1 LUA x'],
    ],
    ['of another content', [carry('1', logs('x'), logs('y'))], ['1 LOGS x', '1 LOGS y']],
    [
      'of another event',
      [carry('1', logs('x'), logs('x')), carry('2', logs('x'), logs('x'))],
      ['1 LOGS x', '2 LOGS x'],
    ],
    [
      'of the same event again',
      [
        carry('1', logs('x'), logs('x')),
        carry('2', logs('y'), logs('y')),
        carry('1', logs('x'), logs('x')),
      ],
      ['1 LOGS x', '2 LOGS y'],
    ],
  ])('distinguishes a payload %s as the reference does', (_, contexts, expected) => {
    const registry = duuiRegistry(mode)
    const envelopes = contexts.map((context): DUUIEnvelope => {
      const _id = context.event_id
      const event = { _id, process_id: 'p', sender: null, message: '', level: 'INFO', context }
      return { timestamp: 7, event }
    })
    for (const { timestamp, event } of envelopes) {
      registry.dispatch(event.context, { id: event._id, timestamp })
    }
    const found = registry.payloads.entries()
    expect(found.map(({ eventId, type, content }) => `${eventId} ${type} ${content}`)).toEqual(
      expected,
    )
    expectSameLog(registry, interpret(envelopes, mode))
  })
})

function decode(lines: readonly string[]): EventFrame[] {
  const dialect = duui()
  return lines.map((line) => {
    const frame = dialect.decode(JSON.parse(line))
    if (frame === undefined || !('kind' in frame) || frame.kind !== 'event') {
      throw new Error(`not an event: ${line}`)
    }
    return frame
  })
}

/** Returns all entries that a run creates. */
function entries({ keyOrder }: Outcome): { slot: SlotName; key: string }[] {
  return slotNames.flatMap((slot) => keyOrder[slot].map((key) => ({ slot, key })))
}

function expectSameLog(registry: DUUIRegistry, expected: Outcome): void {
  const { payloads } = registry
  const wanted = (pick: (entry: LoggedPayload) => boolean) =>
    expected.payloadLog.filter(pick).map(({ eventId, type, content, timestamp, kind, threads }) => {
      return expect.objectContaining({
        eventId,
        type,
        content,
        timestamp,
        kind,
        thread: threads[0],
      })
    })
  expect(payloads.entries()).toEqual(wanted(() => true))
  for (const { event } of recordedEnvelopes()) {
    expect(payloads.byEvent(event._id)).toEqual(wanted(({ eventId }) => eventId === event._id))
  }
  for (const thread of ['main', 'Thread-12', 'Thread-13', 'Thread-14', 'Thread-15', 'Thread-16']) {
    expect(payloads.byThread(thread)).toEqual(wanted(({ threads }) => threads.includes(thread)))
  }
  for (const { slot, key } of entries(expected)) {
    const found = key === '' ? payloads.byEntity(kinds[slot]) : payloads.byEntity(kinds[slot], key)
    expect(found).toEqual(
      wanted(({ entities }) => entities.some((one) => one.slot === slot && one.key === key)),
    )
  }
}
