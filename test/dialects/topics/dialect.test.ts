import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  isTopicEvent,
  topic,
  topicMessage,
  topics,
  withConfirmations,
  withErrors,
  withInitialTopics,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import type { Fields } from '../../../src/protocol/fields.ts'
import { recordedMessages } from '../../replay/session.ts'
import { dialled } from '../../support/dialled.ts'

type Play = (message: Fields, send: (message: unknown) => void) => void

async function open(dialect = topics, play: Play = () => {}) {
  const rig = dialled(dialect, play)
  void rig.client.connect()
  await rig.clock.advance(0)
  return rig
}

/** Subscribes to topics, and records refusals by topic. */
function follow({ channels }: Awaited<ReturnType<typeof open>>, ...names: readonly string[]) {
  const refused: Record<string, string> = {}
  const subscriptions = names.map((name) =>
    channels.subscribe(name, () => {}, {
      onError: ({ code }) => {
        refused[name] = code
      },
    }),
  )
  return { refused, states: () => subscriptions.map(({ status }) => status.get().name) }
}

describe('the name of a topic', () => {
  it('is the same for a number and its text, and can be parsed', () => {
    expect(topic.agent(1)).toBe('agent:1')
    expect(topic.agent('1')).toBe(topic.agent(1))
    expect(topic.thread(45)).toBe('thread:45')
    expect(topic.parse(topic.workflowExecution('7'))).toEqual({
      kind: 'workflow_execution',
      id: '7',
    })
    expect(topic.parse('ops:events:all')).toEqual({ kind: 'ops', id: 'events:all' })
    for (const odd of ['system', '', ':1', 'agent:']) expect(topic.parse(odd)).toBeUndefined()
  })
})

describe('the message builders', () => {
  it('create the messages of the protocol, each with a unique id', () => {
    expect(topicMessage.subscribe(['agent:1'])).toEqual({
      type: 'subscribe',
      topics: ['agent:1'],
      message_id: expect.any(String),
    })
    expect(topicMessage.unsubscribe(['agent:1'], 'm')).toEqual({
      type: 'unsubscribe',
      topics: ['agent:1'],
      message_id: 'm',
    })
    expect(topicMessage.ping(5)).toMatchObject({ type: 'ping', timestamp: 5 })
    const ids = Array.from({ length: 10_000 }, () => topicMessage.ping(5).message_id)
    expect(new Set(ids).size).toBe(10_000)
  })
})

describe('the topics dialect', () => {
  it('decodes every recorded message, and an unknown type as an event', () => {
    const dialect = topics()
    const kinds = recordedMessages('agent-topics').map((message) => {
      const frame = dialect.decode(message)
      return frame && 'kind' in frame ? frame.kind : 'several'
    })
    expect(kinds.filter((kind) => kind === 'notice')).toHaveLength(1)
    expect(dialect.decode({ type: 'brand_new', x: 1 })).toMatchObject({
      ...{ kind: 'event', type: 'brand_new', channel: 'system', payload: { x: 1 } },
    })
  })

  const ids = fc.oneof(fc.nat(), fc.nat().map(String))
  test.prop([ids, ids])('treats a number and its text as the same id', (agent, thread) => {
    const dialect = topics()
    const about = [
      [{ type: 'agent_updated', data: { id: agent } }, topic.agent(agent)],
      [{ type: 'agent_event', data: { agent_id: agent } }, topic.agent(agent)],
      [
        { type: 'thread_created', data: { thread_id: thread, agent_id: agent } },
        topic.thread(thread),
      ],
      [{ type: 'thread_history', thread_id: thread, messages: [] }, topic.thread(thread)],
      [{ type: 'stream_chunk', thread_id: thread, content: 'x' }, topic.thread(thread)],
      [{ v: 1, type: 'run_update', topic: 'agent:9', data: { id: agent } }, 'agent:9'],
    ] as const
    for (const [message, channel] of about)
      expect(dialect.decode(message)).toMatchObject({ channel })
  })

  it('types the payload of an event', () => {
    const frame = topics().decode({ type: 'stream_chunk', thread_id: 4, content: 'It ' })
    const event = frame && 'kind' in frame && frame.kind === 'event' ? frame : undefined
    expect(event && isTopicEvent(event, 'stream_chunk') && event.payload.content).toBe('It ')
    expect(event && isTopicEvent(event, 'thread_history')).toBe(false)
  })

  it('opens with its socket, with the initial topics in the address', async () => {
    const { client, pair } = await open(withInitialTopics(topics, ['agent:1', 'thread:2']))
    expect(client.state.get().name).toBe('open')
    expect(new URL(pair.last.url).searchParams.get('initial_topics')).toBe('agent:1,thread:2')
  })

  it('sends the initial topics until a connection opens, and then subscribes to the current ones', async () => {
    const rig = dialled(withInitialTopics(topics, ['agent:1', 'thread:2']))
    const initialTopics = () => new URL(rig.pair.last.url).searchParams.get('initial_topics')
    rig.pair.refusing = true
    void rig.client.connect()
    await rig.clock.advance(0)
    rig.pair.refusing = false
    await rig.clock.advance(1_000)
    expect(rig.pair.ends).toHaveLength(2)
    expect(initialTopics()).toBe('agent:1,thread:2')
    const agent = rig.channels.subscribe('agent:1', () => {})
    rig.channels.subscribe('thread:2', () => {})
    await rig.clock.advance(0)
    rig.pair.last.close(1006)
    // Released during a disconnect, so no unsubscribe is sent.
    agent()
    rig.sent.length = 0
    await rig.clock.advance(2_000)
    expect(rig.pair.ends).toHaveLength(3)
    expect(initialTopics()).toBeNull()
    expect(rig.sent).toMatchObject([{ type: 'subscribe', topics: ['thread:2'] }])
  })

  it('subscribes to all topics in one message, wildcards last, on each connection', async () => {
    const rig = await open()
    follow(rig, 'agent:*', 'thread:45', 'agent:1')
    await rig.clock.advance(0)
    expect(rig.sent).toMatchObject([
      { type: 'subscribe', topics: ['thread:45', 'agent:1', 'agent:*'] },
    ])
    rig.pair.last.close(1006)
    await rig.clock.advance(0)
    void rig.client.request('send_message', { thread_id: 45, content: 'waited' })
    await rig.clock.advance(1_000)
    expect(rig.sent.slice(1)).toMatchObject([
      { type: 'subscribe', topics: ['thread:45', 'agent:1', 'agent:*'] },
      { type: 'send_message', thread_id: 45, content: 'waited', message_id: expect.any(String) },
    ])
  })

  it.each([undefined, null, ''])('reports a confirmation with the id %j', async (message_id) => {
    const rig = await open(withConfirmations(topics))
    await rig.deliver({ type: 'subscribe_ack', message_id })
    expect(rig.errors).toMatchObject([{ code: 'bad-frame', detail: { reason: 'no message_id' } }])
  })

  it('does not subscribe to the system channel', async () => {
    const rig = await open(withConfirmations(topics), ({ type, message_id }, send) => {
      if (type === 'subscribe') send({ type: 'subscribe_ack', message_id })
    })
    const alone = follow(rig, 'system')
    await rig.clock.advance(0)
    expect(rig.sent).toEqual([])
    expect(alone.states()).toEqual(['live'])
    rig.pair.last.close(1006)
    const together = follow(rig, 'system', 'agent:1')
    await rig.clock.advance(1_000)
    expect(rig.sent).toMatchObject([{ topics: ['agent:1'] }])
    expect(together.states()).toEqual(['gap', 'live'])
  })

  it('sends no unsubscribe for a topic that still has handlers', async () => {
    const { channels, sent, clock } = await open()
    const received: unknown[] = []
    const off = channels.subscribe('agent:1', () => received.push('one'))
    channels.subscribe('agent:1', () => received.push('other'))
    await clock.advance(0)
    off()
    await clock.advance(100)
    expect(sent).toHaveLength(1)
  })

  it('retries forever with delays that double from 1 to 30 s, without jitter', async () => {
    const { client, pair, clock } = dialled(topics)
    pair.refusing = true
    void client.connect()
    await clock.advance(1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 20 * 30_000)
    expect(pair.ends).toHaveLength(1 + 5 + 20)
  })

  it('pings every 30 s with an id, and measures the round trip', async () => {
    const rig = await open(topics, ({ type, timestamp }, send) => {
      if (type === 'ping') send({ type: 'pong', message_id: null, timestamp })
    })
    await rig.clock.advance(29_999)
    expect(rig.sent).toEqual([])
    await rig.clock.advance(30_001)
    expect(rig.sent).toMatchObject([
      { type: 'ping', timestamp: expect.any(Number), message_id: expect.any(String) },
      { type: 'ping' },
    ])
    expect(rig.client.stats().lastRttMs).toBe(0)
  })

  it.each([
    ['PING', 'PONG'],
    ['ping', 'pong'],
    ['Ping', 'PONG'],
  ])('replies to a %s in the same style', async (type, answer) => {
    const rig = await open(withVersionedEnvelope(topics))
    await rig.clock.advance(7)
    await rig.deliver({ type }, { v: 1, type, ts: 3, data: { timestamp: 5 } })
    const ts = rig.clock.wall()
    expect(rig.sent).toMatchObject([
      { type: answer, ts, data: {} },
      { type: answer, ts, data: { timestamp: 5 } },
    ])
  })

  it.each([
    [4401, 'failed'],
    [1008, 'failed'],
    [4408, 'waiting'],
    [1011, 'waiting'],
  ])('after the close code %i is %s', async (code, state) => {
    const rig = await open()
    rig.pair.last.close(code)
    await rig.clock.advance(0)
    expect(rig.client.state.get().name).toBe(state)
  })

  it('requests a new token once if the last one was refused', async () => {
    const reasons: string[] = []
    const auth = (reason: string) => `jwt-${reasons.push(reason)}`
    const { client, pair, clock } = dialled(topics, undefined, { auth })
    void client.connect()
    await clock.advance(0)
    pair.last.close(4401)
    await clock.advance(1_000)
    expect(pair.last.url).toBe('ws://test/ws?token=jwt-2')
    expect(reasons).toEqual(['connect', 'refused'])
  })
})

describe('a refused topic', () => {
  const texts: readonly [names: string[], text: string, refused: Record<string, string>][] = [
    [['thread:99999', 'agent:1'], 'Thread 99999 not found', { 'thread:99999': 'not-found' }],
    [['agent:7', 'thread:7'], 'Agent 7 not found', { 'agent:7': 'not-found' }],
    [['agent:1', 'agent:11'], 'Agent 1 not found', { 'agent:1': 'not-found' }],
    [
      ['invalid:123', 'agent:1'],
      'Invalid topic format: invalid:123',
      { 'invalid:123': 'bad-channel' },
    ],
    [
      ['agent:*', 'thread:1'],
      "Invalid topic format: invalid literal for int() with base 10: '*'",
      { 'agent:*': 'bad-channel' },
    ],
    [
      ['agent:1', 'thread:2'],
      'Failed to process subscription',
      { 'agent:1': 'internal', 'thread:2': 'internal' },
    ],
  ]
  it.each(texts)('among %j is determined by the text %j', async (names, error, refused) => {
    const rig = await open(withErrors(topics), ({ type, message_id }, send) => {
      if (type === 'subscribe') send({ type: 'error', error, details: null, message_id })
    })
    const followed = follow(rig, ...names)
    await rig.clock.advance(0)
    expect(followed.refused).toEqual(refused)
    expect(followed.states()).toEqual(names.map((name) => (refused[name] ? 'refused' : 'live')))
    expect(rig.errors).toEqual([])
  })

  it.each(['before', 'after'])(
    'by name, %s the confirmation, does not affect the others',
    async (when) => {
      const rig = await open(
        withErrors(withVersionedEnvelope(withConfirmations(topics))),
        ({ type, data }, send) => {
          if (type !== 'subscribe') return
          const { message_id } = data as Fields
          const ack = { v: 1, type: 'subscribe_ack', topic: 'system', ts: 1, data: { message_id } }
          const no = { message_id, topics: ['agent:2'], error: 'no', error_code: 'FORBIDDEN' }
          const refusal = { v: 1, type: 'subscribe_error', topic: 'system', ts: 1, data: no }
          for (const answer of when === 'before' ? [refusal, ack] : [ack, refusal]) send(answer)
        },
      )
      const followed = follow(rig, 'agent:1', 'agent:2', 'agent:3')
      await rig.clock.advance(0)
      expect(followed.refused).toEqual({ 'agent:2': 'forbidden' })
      expect(followed.states()).toEqual(['live', 'refused', 'live'])
    },
  )

  it('refuses the other topics of its message, too, without withErrors', async () => {
    const rig = await open(topics, ({ type, message_id }, send) => {
      if (type === 'subscribe') send({ type: 'error', error: 'Thread 7 not found', message_id })
    })
    const followed = follow(rig, 'agent:1', 'thread:7')
    await rig.clock.advance(0)
    expect(followed.refused).toEqual({ 'agent:1': 'internal', 'thread:7': 'internal' })
    expect(rig.errors).toEqual([])
  })

  it.each([
    ['INVALID_FORMAT', 'bad-channel'],
    ['UNKNOWN', 'internal'],
    ['UNAUTHENTICATED', 'not-authenticated'],
    ['RATE_LIMITED', 'rate-limited'],
    ['constructor', 'constructor'],
    [7, 'not-found'],
  ])('by the code %s is refused as %s', (error_code, code) => {
    const data = { topics: ['agent:1'], error: 'Agent 1 not found', error_code }
    const wire = { type: 'subscribe_error', message_id: 'm', ...data }
    expect(withErrors(topics)().decode(wire)).toEqual([
      {
        kind: 'unsubscribed',
        channel: 'agent:1',
        error: {
          ...{ code, message: data.error, retryable: code === 'rate-limited' },
          ...{ channel: 'agent:1', details: wire },
        },
      },
    ])
  })

  it('is subscribed to again only by a new subscription', async () => {
    const rig = await open(withErrors(topics), ({ type, message_id, topics }, send) => {
      if (type === 'subscribe' && String(topics).includes('agent:2')) {
        send({ type: 'error', error: 'Agent 2 not found', message_id })
      }
    })
    follow(rig, 'agent:1', 'agent:2')
    await rig.clock.advance(0)
    rig.pair.last.close(1006)
    await rig.clock.advance(1_000)
    expect(rig.sent.at(-1)).toMatchObject({ topics: ['agent:1'] })
    follow(rig, 'agent:2')
    await rig.clock.advance(0)
    expect(rig.sent.at(-1)).toMatchObject({ topics: ['agent:2'] })
  })

  it('receives events of other subscribed topics, if it is a wildcard', async () => {
    const rig = await open(withErrors(topics), ({ type, message_id, topics }, send) => {
      if (type !== 'subscribe' || !String(topics).includes('*')) return
      send({ type: 'error', error: "Invalid topic format: int(): '*'", message_id })
    })
    const received: unknown[] = []
    rig.channels.subscribe('agent:*', (_, { channel }) => received.push(channel), { onError() {} })
    follow(rig, 'agent:1')
    await rig.clock.advance(0)
    await rig.deliver({ type: 'agent_updated', data: { id: 1 } })
    expect(received).toEqual(['agent:1'])
  })

  it('is not affected by an error without a message id of a subscribe', async () => {
    const rig = await open(withErrors(topics))
    await rig.deliver({ type: 'error', error: 'Unknown message type: dance', message_id: 'x9' })
    await rig.deliver({ type: 'error', error: 'Internal server error', message_id: null })
    await rig.deliver({ type: 'error', error: 'Invalid JSON payload' })
    expect(rig.errors).toMatchObject([
      { code: 'unknown-type', detail: { details: { message_id: 'x9' } } },
      { code: 'internal' },
      { code: 'bad-frame' },
    ])
    expect(rig.client.state.get().name).toBe('open')
  })

  it('is determined for late errors of the newest subscribes only', async () => {
    const dialect = withErrors(topics)()
    const subscribe = (n: number) =>
      dialect.encode({
        ...{ kind: 'subscribe', timestamp: 1, requestId: `r${n}` },
        ...{ channels: [`agent:${n}`], since: new Map() },
      })
    for (let n = 0; n < 300; n++) subscribe(n)
    const read = (n: number) => dialect.decode({ type: 'error', error: 'no', message_id: `r${n}` })
    expect(read(299)).toMatchObject([{ kind: 'unsubscribed', channel: 'agent:299' }])
    expect(read(0)).toMatchObject({ kind: 'refusal', to: [] })
  })
})

describe('the wrappers of the topics dialect', () => {
  const around = [withErrors, withConfirmations, withVersionedEnvelope] as const
  const data = { message_id: 'r', topics: ['agent:2'], error: 'no', error_code: 'FORBIDDEN' }
  const received = [
    { v: 1, type: 'subscribe_error', topic: 'system', ts: 1, req_id: 'r', data },
    { type: 'error', error: 'Agent 1 not found', message_id: 'r' },
    { v: 1, type: 'SUBSCRIBE_ACK', topic: 'system', ts: 1, req_id: 'r', data: {} },
    { v: 1, type: 'agent_state', topic: 'agent:1', ts: 5, data: { id: 1 } },
    { type: 'stream_chunk', thread_id: 4, content: 'x' },
  ]
  const inOrder = (order: readonly (typeof withErrors)[]) => {
    const dialect = order.reduce((inner, put) => put(inner), topics)()
    const encoded = dialect.encode({
      ...{ kind: 'subscribe', timestamp: 1, requestId: 'r' },
      ...{ channels: ['agent:*', 'agent:1', 'agent:2'], since: new Map() },
    })
    return [encoded, received.map((wire) => dialect.decode(wire))]
  }

  const orders = fc.shuffledSubarray([...around], { minLength: around.length })
  test.prop([orders])('can be applied in any order', (order) => {
    expect(inOrder(order)).toEqual(inOrder(around))
  })

  it('support a later version of the backend', () => {
    const names = ['agent:1', 'agent:2', 'agent:*']
    expect(inOrder(around)).toMatchObject([
      [
        {
          wire: {
            ...{ v: 1, type: 'subscribe', topic: 'system', ts: 1, req_id: 'r' },
            data: { topics: names, message_id: 'r' },
          },
          keys: ['r'],
        },
      ],
      [
        [{ kind: 'unsubscribed', channel: 'agent:2', error: { code: 'forbidden' } }],
        [{ kind: 'unsubscribed', channel: 'agent:1', error: { code: 'not-found' } }],
        { kind: 'reply', to: ['r'] },
        { kind: 'event', channel: 'agent:1', payload: { id: 1 }, timestamp: 5 },
        { kind: 'event', channel: 'thread:4', payload: received[4] },
      ],
    ])
  })
})

describe('a snapshot after a resubscribe', () => {
  it('is delivered to the handlers, and ends the gap', async () => {
    const rig = await open()
    const received: unknown[] = []
    const subscription = rig.channels.subscribe('thread:45', (_, { type }) => received.push(type))
    const family = rig.channels.subscribe('thread:*', () => {})
    await rig.clock.advance(0)
    rig.pair.last.close(1006)
    await rig.clock.advance(1_000)
    expect(subscription.status.get().name).toBe('gap')
    await rig.deliver({ type: 'stream_chunk', thread_id: 45, content: 'x' })
    expect(subscription.status.get().name).toBe('gap')
    await rig.deliver({ type: 'thread_history', thread_id: 45, messages: [] })
    expect(subscription.status.get().name).toBe('live')
    // The snapshot covers one thread; the family also contains others.
    expect(family.status.get().name).toBe('gap')
    expect(received).toEqual(['stream_chunk', 'thread_history'])
  })
})

describe('a backend without confirmations', () => {
  it('has topics that are live at once, and a client that stays connected', async () => {
    const rig = await open(topics, ({ type, timestamp }, send) => {
      if (type === 'ping') send({ type: 'pong', timestamp })
    })
    const followed = follow(rig, 'agent:1')
    await rig.clock.advance(120_000)
    expect(followed.states()).toEqual(['live'])
    expect(rig.pair.ends).toHaveLength(1)
    expect(rig.sent.filter(({ type }) => type === 'subscribe')).toHaveLength(1)
  })

  it('keeps a topic pending if withConfirmations expects them', async () => {
    const rig = await open(withConfirmations(topics))
    const followed = follow(rig, 'agent:1')
    await rig.clock.advance(5_000)
    expect(followed.states()).toEqual(['pending'])
  })
})
