import { describe, expect, it } from 'vitest'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import type { Mode } from './literal-interpreter.ts'
import { interpret } from './literal-interpreter.ts'
import { recordedEnvelopes, recordedLines } from './recording.ts'

/**
 * Expected figures, computed by an independent program in another language, or counted in a text
 * editor.
 */
const facts = [
  {
    mode: { order: 'arrival', apply: 'replace' },
    counts: { created: 34, set: 1215, suppressed: 8, stale: 0, duplicates: 0 },
    composer: { status: 'Active', progress: 17, notified: 369 },
    notified: {
      reader: 41,
      drivers: 11,
      workers: 17,
      documents: 356,
      components: 234,
      instances: 221,
    },
    finished: 12,
    withPayload: 3,
    lateDocument: 'Waiting',
    lateWorker: 'Active',
  },
  {
    mode: { order: 'arrival', apply: 'merge' },
    counts: { created: 34, set: 1215, suppressed: 8, stale: 0, duplicates: 0 },
    composer: { status: 'Active', progress: 17, notified: 369 },
    notified: {
      reader: 41,
      drivers: 11,
      workers: 17,
      documents: 356,
      components: 234,
      instances: 221,
    },
    finished: 12,
    withPayload: 28,
    lateDocument: 'Waiting',
    lateWorker: 'Active',
  },
  {
    mode: { order: 'timestamp', apply: 'replace' },
    counts: { created: 34, set: 1143, suppressed: 8, stale: 72, duplicates: 0 },
    composer: { status: 'Shutdown', progress: 18, notified: 339 },
    notified: {
      reader: 39,
      drivers: 11,
      workers: 16,
      documents: 339,
      components: 223,
      instances: 210,
    },
    finished: 18,
    withPayload: 3,
    lateDocument: 'Failed',
    lateWorker: 'Shutdown',
  },
  {
    mode: { order: 'timestamp', apply: 'merge' },
    counts: { created: 34, set: 1143, suppressed: 8, stale: 72, duplicates: 0 },
    composer: { status: 'Shutdown', progress: 18, notified: 339 },
    notified: {
      reader: 39,
      drivers: 11,
      workers: 16,
      documents: 339,
      components: 223,
      instances: 210,
    },
    finished: 18,
    withPayload: 28,
    lateDocument: 'Failed',
    lateWorker: 'Shutdown',
  },
  {
    mode: { order: 'dedupe', apply: 'replace' },
    counts: { created: 34, set: 1177, suppressed: 0, stale: 0, duplicates: 19 },
    composer: { status: 'Active', progress: 17, notified: 357 },
    notified: {
      reader: 38,
      drivers: 11,
      workers: 16,
      documents: 351,
      components: 225,
      instances: 213,
    },
    finished: 15,
    withPayload: 2,
    lateDocument: 'Waiting',
    lateWorker: 'Active',
  },
  {
    mode: { order: 'dedupe', apply: 'merge' },
    counts: { created: 34, set: 1177, suppressed: 0, stale: 0, duplicates: 19 },
    composer: { status: 'Active', progress: 17, notified: 357 },
    notified: {
      reader: 38,
      drivers: 11,
      workers: 16,
      documents: 351,
      components: 225,
      instances: 213,
    },
    finished: 15,
    withPayload: 28,
    lateDocument: 'Waiting',
    lateWorker: 'Active',
  },
] as const

describe('the recording', () => {
  const envelopes = recordedEnvelopes()

  it('has 468 lines, 19 of which repeat an event', () => {
    expect(recordedLines).toHaveLength(468)
    expect(new Set(envelopes.map(({ event }) => event._id)).size).toBe(468 - 19)
  })

  it('ends with an event of the composer that is older than the one before', () => {
    const [before, last] = envelopes.slice(-2)
    expect(last?.event.context).toMatchObject({ kind: 'ComposerContext', status: 'Active' })
    expect(before?.event.context).toMatchObject({ kind: 'ComposerContext', status: 'Shutdown' })
    expect((before?.timestamp ?? 0) - (last?.timestamp ?? 0)).toBe(583)
  })
})

describe('the reference implementation', () => {
  it.each(facts)('$mode.order, $mode.apply › agrees with the independent program', (fact) => {
    const { counts, state, setsPerKey } = interpret(recordedEnvelopes(), fact.mode)
    const documents = [...state.documents.values()]
    const notified = (calls: ReadonlyMap<string, number>) =>
      [...calls.values()].reduce((sum, count) => sum + count, 0)
    expect({
      counts,
      composer: { ...pick(state.composer.get('')), notified: notified(setsPerKey.composer) },
      notified: {
        reader: notified(setsPerKey.reader),
        drivers: notified(setsPerKey.drivers),
        workers: notified(setsPerKey.workers),
        documents: notified(setsPerKey.documents),
        components: notified(setsPerKey.components),
        instances: notified(setsPerKey.instances),
      },
      finished: documents.filter((c) => c.kind === 'DocumentContext' && c.is_finished).length,
      withPayload: Object.values(state)
        .flatMap((store) => [...store.values()])
        .filter((context) => 'payload' in context).length,
      lateDocument: state.documents.get('/corpus/2026/fehler.xmi')?.status,
      lateWorker: state.workers.get('Thread-14')?.status,
    }).toEqual({ ...fact, mode: undefined })
  })

  it('has every entity of the run, in order of appearance', () => {
    const { keyOrder } = interpret(recordedEnvelopes(), { order: 'arrival', apply: 'replace' })
    expect(keyOrder).toEqual({
      composer: [''],
      reader: [''],
      drivers: ['DUUIDockerDriver', 'DUUIRemoteDriver', 'DUUIUIMADriver', 'DUUIKubernetesDriver'],
      workers: ['Thread-12', 'Thread-13', 'Thread-15', 'Thread-14'],
      components: [
        '9cff74c5-9d57-4024-9917-31de0b4a3bc1',
        'cba2f04f-5221-4bcc-aa19-363ef30e1522',
        '190f0f0b-9742-4afc-9328-ebb70e93b22d',
      ],
      instances: [
        'spaCy Tokenizer-9cff7-Replica-1-Worker-1',
        'spaCy Tokenizer-9cff7-Replica-1-Worker-2',
        'GerVADER Sentiment-cba2f-Endpoint-1-Worker-1',
        'GerVADER Sentiment-cba2f-Endpoint-2-Worker-1',
        'SRL (UIMA)-190f0-Replica-1',
      ],
      documents: [
        '/corpus/2026/heidi.txt',
        '/corpus/2026/effi-briest.txt',
        '/corpus/2026/woyzeck.txt',
        '/corpus/2026/die verwandlung.txt',
        '/corpus/2026/Öffentlicher Bericht.txt',
        '/corpus/2026/parlament_2021_06.xmi',
        '/corpus/2026/parlament_2021_07.xmi.gz',
        '/corpus/2026/tweets-🦉.json',
        '/corpus/2026/a b&c=d?.txt',
        '/corpus/2026/näh_#7.txt',
        '/corpus/2026/wiki/Äpfel.xmi',
        '/corpus/2026/wiki/Birnen.xmi',
        '/corpus/2026/wiki/Citrus.xmi',
        '/corpus/2026/leer.txt',
        '/corpus/2026/gross.xmi.gz',
        '/corpus/2026/kafka.txt',
        '/corpus/2026/fehler.xmi',
        '/corpus/2026/timeout.txt',
      ],
    })
  })

  it('logs 71 payloads in every mode, and none of type NONE', () => {
    for (const { mode } of facts) {
      const byType: Record<string, number> = {}
      const { payloadLog } = interpret(recordedEnvelopes(), mode)
      for (const { type } of payloadLog) byType[type] = (byType[type] ?? 0) + 1
      expect(byType).toEqual({
        GENERIC: 35,
        LOGS: 18,
        LUA: 11,
        TYPESYSTEM: 3,
        RESPONSE: 2,
        STACKTRACE: 2,
      })
    }
  })

  it('cascades from a document component process to all four stores, in order', () => {
    const envelope = recordedEnvelopes().find(
      ({ event }) => event.context.kind === 'DocumentComponentProcessContext',
    )
    const { trace } = interpret(envelope ? [envelope] : [], { order: 'arrival', apply: 'replace' })
    expect(trace.map(({ op, slot }) => `${op} ${slot}`)).toEqual([
      'create documents',
      'set composer',
      'create instances',
      'create components',
    ])
  })

  it.each<[Mode['order'], Mode['apply'], string[]]>([
    ['arrival', 'replace', ['create', 'suppressed', 'set', 'set', 'set']],
    ['timestamp', 'replace', ['create', 'suppressed', 'stale', 'set', 'set']],
    ['dedupe', 'replace', ['create', 'duplicate', 'set', 'set', 'set']],
    ['arrival', 'merge', ['create', 'suppressed', 'set', 'set', 'suppressed']],
    ['timestamp', 'merge', ['create', 'suppressed', 'stale', 'set', 'suppressed']],
    ['dedupe', 'merge', ['create', 'duplicate', 'set', 'set', 'suppressed']],
  ])('%s, %s › handles five events of one driver as expected', (order, apply, ops) => {
    const wait = { content: 'image pulled', type: 'LOGS' } as const
    const events = [
      // The first event, and its repetition, which advances the entry to 110.
      driver('e1', 100, { status: 'Inactive' }),
      driver('e1', 110, { status: 'Inactive' }),
      // Older than the repetition.
      driver('e2', 105, { status: 'Idle' }),
      driver('e3', 120, { status: 'Active', payload: wait }),
      // The same without the payload: no change in the mode `merge`.
      driver('e4', 120, { status: 'Active' }),
    ]
    expect(interpret(events, { order, apply }).trace.map(({ op }) => op)).toEqual(ops)
  })

  it('drops the oldest payloads beyond its limits', () => {
    const mode: Mode = { order: 'arrival', apply: 'replace' }
    const all = interpret(recordedEnvelopes(), mode).payloadLog
    const ten = interpret(recordedEnvelopes(), mode, { entries: 10, chars: 1_000_000 }).payloadLog
    expect(ten).toEqual(all.slice(-10))
    const sizes = all.map(({ content, type }) => content.length + type.length)
    const lastFive = sizes.slice(-5).reduce((sum, size) => sum + size, 0)
    const five = interpret(recordedEnvelopes(), mode, { entries: 500, chars: lastFive }).payloadLog
    expect(five).toEqual(all.slice(-5))
    const four = interpret(recordedEnvelopes(), mode, { entries: 500, chars: lastFive - 1 })
    expect(four.payloadLog).toEqual(all.slice(-4))
  })
})

function pick(composer: unknown) {
  const { status, progress } = composer as { status: string; progress: number }
  return { status, progress }
}

function driver(id: string, timestamp: number, fields: object): DUUIEnvelope {
  return {
    timestamp,
    event: {
      _id: id,
      process_id: 'p',
      sender: 'DRIVER',
      message: '',
      level: 'INFO',
      context: {
        kind: 'DriverContext',
        // Equal in all events, so that only the fields under test differ.
        event_id: 'same',
        status: '',
        thread: 'main',
        driver: 'DUUIDockerDriver',
        ...fields,
      },
    },
  }
}
