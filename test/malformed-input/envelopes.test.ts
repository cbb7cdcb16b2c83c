import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, ContextRegistry, feed, isWirefoldError } from 'wirefold'
import type { DUUIContext } from 'wirefold/dialects/duui'
import { duui, processChannel } from 'wirefold/dialects/duui'
import { seeded } from 'wirefold/testing'
import { scripted } from '../support/scripted.ts'
import { WRONG } from './malformed-case.ts'
import { Mutator } from './mutator.ts'
import { expectNoProto, expectPristine } from './pristine.ts'
import { justFine, texts } from './texts.ts'

/** A client of a gateway with handlers for two processes, the first with a registry. */
async function page() {
  const { clock, server, client, errors } = scripted({}, { dialect: duui })
  const channels = new ChannelSubscriber(client)
  const faults: unknown[] = []
  const contexts = new ContextRegistry<DUUIContext>({ onError: (error) => faults.push(error) })
    .keyed('DocumentContext', (c) => c.path, { apply: 'merge', maxEntries: 100 })
    .keyed('WorkerContext', (c) => c.thread || c.name, { parts: (c) => [c.composer] })
    .single('ComposerContext')
    .union('DocumentProcessContext', (c) => [c.document, c.composer])
  const events: unknown[] = []
  const others: unknown[] = []
  channels.subscribe(processChannel('1'), (event) => events.push(event))
  feed(channels, processChannel('1'), contexts)
  channels.subscribe(processChannel('2'), (event) => others.push(event))
  const notices: string[] = []
  client.on('notice', ({ reason }) => notices.push(reason))
  await clock.advance(0)

  const inject = async (frame: unknown): Promise<void> => {
    server.transport.last.send(frame)
    await clock.advance(0)
  }
  const still = { process_id: '2', context: { kind: 'ReaderContext' } }
  const prove = async (): Promise<void> => {
    await inject(JSON.stringify({ timestamp: 1, event: still }))
    expect(others.splice(0)).toEqual([still])
    expect(client.state.get().name).toBe('open')
    expect(server.transport.ends).toHaveLength(1)
    expect(channels.size).toBe(2)
    expect(faults).toEqual([])
    expectPristine()
  }
  const effect = () => ({
    events: events.length,
    errors: errors.map((error) => (isWirefoldError(error) ? error.code : error)),
    notices: notices.length,
  })
  return { contexts, events, errors, notices, inject, prove, effect }
}

const bad = { events: 0, errors: ['bad-frame'], notices: 0 }
const delivered = { events: 1, errors: [], notices: 0 }
/** Delivered, but also reported. */
const both = { events: 1, errors: ['bad-frame'], notices: 0 }
const ignored = { events: 0, errors: [], notices: 1 }
const context = '"context":{"kind":"DocumentContext","path":"/a"}'
const event = (fields: string) => `{"timestamp":1,"event":{"process_id":"1",${fields}}}`

interface Row {
  readonly field: string
  readonly message: string
  readonly effect: typeof bad | typeof delivered | typeof ignored | typeof both
  readonly except?: readonly (keyof typeof WRONG)[]
}

const fields: readonly Row[] = [
  { field: 'event', message: '{"timestamp":1,"event":?}', effect: ignored, except: ['an object'] },
  {
    field: 'timestamp',
    message: `{"timestamp":?,"event":{"process_id":"1",${context}}}`,
    effect: both,
    except: ['a number'],
  },
  {
    field: 'process_id',
    message: `{"timestamp":1,"event":{"process_id":?,${context}}}`,
    effect: bad,
    except: ['a text', 'an empty text'],
  },
  { field: 'context', message: event('"context":?'), effect: bad },
  {
    field: 'kind',
    message: event('"context":{"kind":?}'),
    effect: bad,
    except: ['a text', 'an empty text'],
  },
  ...['_id', 'event_id', 'sender', 'message', 'level'].map((name) => ({
    field: name,
    message: event(`"${name}":?,${context}`),
    effect: delivered,
  })),
  ...['path', 'thread', 'event_id', 'payload', 'progress'].map((name) => ({
    field: `${name} of a context`,
    message: event(`"context":{"kind":"DocumentContext","${name}":?}`),
    effect: delivered,
  })),
  ...['thread', 'name', 'composer'].map((name) => ({
    field: `${name} of a worker`,
    message: event(`"context":{"kind":"WorkerContext","${name}":?}`),
    effect: delivered,
  })),
  ...['document', 'composer'].map((name) => ({
    field: `${name} of a document process`,
    message: event(`"context":{"kind":"DocumentProcessContext","${name}":?}`),
    effect: delivered,
  })),
]

const rows = fields.flatMap(({ field, message, effect, except = [] }) =>
  Object.entries(WRONG)
    .filter(([kind]) => !except.some((other) => other === kind))
    .map(
      ([kind, value]) =>
        [`${field} is ${kind}`, message.replace('?', () => value), effect] as const,
    ),
)

const odd = [
  [
    'the process __proto__',
    `{"timestamp":1,"event":{"process_id":"__proto__",${context}}}`,
    { ...delivered, events: 0 },
  ],
  [
    'a process without a subscription',
    `{"timestamp":1,"event":{"process_id":"3",${context}}}`,
    { ...delivered, events: 0 },
  ],
  ['a list of envelopes', `[${event(context)}]`, bad],
  ['the key __proto__ for an event', '{"__proto__":{"event":{"process_id":"1"}}}', ignored],
  [
    'the key __proto__ for a context',
    event('"__proto__":{"context":{"kind":"DocumentContext"}}'),
    bad,
  ],
  [
    'the kind __proto__',
    event('"context":{"kind":"__proto__","__proto__":{"polluted":1}}'),
    delivered,
  ],
  [
    'the document __proto__',
    event('"context":{"kind":"DocumentContext","path":"__proto__"}'),
    delivered,
  ],
  ['an id of 1 MiB', event(`"_id":"${'x'.repeat(2 ** 20)}",${context}`), delivered],
  ['an older style', '{"type":"process_state","process":{}}', ignored],
] as const

describe('an event stream of DUUI', () => {
  it.each([...rows, ...odd])(
    'continues after an envelope in which %s',
    async (_, frame, effect) => {
      const { inject, prove, effect: happened, events } = await page()
      await inject(frame)
      await prove()
      expect(happened()).toEqual(effect)
      for (const payload of events) expectNoProto(payload)
    },
  )

  it('continues after every frame that is not a message, and delivers none of them', async () => {
    const { inject, prove, effect } = await page()
    for (const { frames } of [...texts, ...justFine]) {
      for (const frame of frames) await inject(frame)
      await prove()
    }
    expect(effect().events).toBe(0)
  })

  it('continues after 10,000 mutated envelopes', async () => {
    const { contexts, inject, prove, effect, events, errors, notices } = await page()
    const mutator = new Mutator(
      seeded(1),
      rows.map(([, frame]) => frame),
    )
    let read = 0
    for (let n = 0; n < 10_000; n++) {
      await inject(mutator.next())
      if (n % 50 > 0) continue
      await prove()
      read += effect().events
      for (const error of errors) expect(isWirefoldError(error, 'bad-frame')).toBe(true)
      for (const payload of events) expectNoProto(payload)
      events.length = errors.length = notices.length = 0
    }
    expect(read).toBeGreaterThan(500)
    expect(contexts.slot('DocumentContext').size).toBeLessThanOrEqual(100)
  })
})
