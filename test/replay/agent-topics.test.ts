import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import { ContextRegistry, feed } from 'wirefold'
import {
  topic,
  topics,
  withConfirmations,
  withErrors,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import type { Fields } from '../../src/protocol/fields.ts'
import { replayed, untilSent } from './replayed.ts'
import { recordedSession } from './session.ts'

const all = recordedSession('agent-topics').map((line) =>
  // The recording contains one fixed id that is different in every run.
  line.frame.message_id === 'x9'
    ? { ...line, frame: { ...line.frame, message_id: '$id:x9' } }
    : line,
)
const flat = all.filter(({ frame }) => frame.v === undefined)
const versioned = all.filter(({ frame }) => frame.v !== undefined)

/** The type and topic of each recorded event, determined by hand. */
const flatEvents: readonly (readonly [type: string, topic: string])[] = [
  ['thread_history', 'thread:88'],
  ['agent_state', 'agent:12'],
  ['agent_created', 'agent:12'],
  ['agent_updated', 'agent:1'],
  ['agent_event', 'agent:1'],
  ['agent_deleted', 'agent:12'],
  ['thread_created', 'thread:46'],
  ['thread_updated', 'thread:88'],
  ['thread_message_created', 'thread:88'],
  ['thread_event', 'thread:88'],
  ['stream_start', 'thread:88'],
  ['stream_chunk', 'thread:88'],
  ['stream_end', 'thread:88'],
  ['thread_deleted', 'thread:46'],
  ['system_status', 'system'],
]

interface AgentContext {
  readonly kind: 'Agent'
  readonly id: string
  readonly status: unknown
  readonly gone: boolean
}

/** Returns the last status of each agent, computed from the frames alone. */
function literalAgents(frames: readonly Fields[]) {
  const agents = new Map<string, unknown>()
  for (const frame of frames) {
    const data = frame.data as { id: number; status: unknown } | undefined
    if (!data || !String(frame.type).startsWith('agent_')) continue
    if (frame.type === 'agent_deleted') agents.delete(`agent:${data.id}`)
    else agents.set(`agent:${data.id}`, data.status)
  }
  return [...agents]
}

function agentsOf() {
  return new ContextRegistry<AgentContext>()
    .reduce('Agent', {
      key: ({ id }) => id,
      initial: undefined as unknown,
      apply: (_, { gone, status }) => (gone ? undefined : status),
    })
    .complete()
}

function agentContext({ channel, type, payload }: EventFrame): AgentContext {
  const { status } = payload as { status: unknown }
  return { kind: 'Agent', id: channel, status, gone: type === 'agent_deleted' }
}

describe.each([
  ['with confirmations', withErrors(withConfirmations(topics))],
  ['without confirmations', withErrors(topics)],
] as const)('a recorded session of a topics backend %s', (_, dialect) => {
  it('produces the recorded frames, and delivers every event to its subscribers', async () => {
    const received: Record<string, [type: string, topic: string][]> = {}
    const refused: unknown[] = []
    const agents = agentsOf()
    let leave: (() => void) | undefined
    const listen = (rig: { channels: Parameters<typeof feed>[0] }, name: string) => {
      const list: [string, string][] = []
      received[name] = list
      return rig.channels.subscribe(name, (_payload, { type, channel }) => {
        list.push([type, channel])
      })
    }
    const rig = await replayed({
      dialect,
      lines: flat,
      play({ type, message_id }, send) {
        if (type === 'subscribe') send({ type: 'subscribe_ack', message_id })
      },
      before(rig) {
        leave = listen(rig, topic.agent(1))
        listen(rig, topic.thread('88'))
        listen(rig, topic.all('thread'))
        listen(rig, 'system')
      },
      async act({ type, topics }, rig) {
        if (type === 'subscribe') {
          expect(topics).toEqual(['agent:*'])
          listen(rig, 'agent:*')
          feed(rig.channels, 'agent:*', agents, agentContext)
        } else if (type === 'unsubscribe') leave?.()
        else if (type === 'ping') await untilSent(rig)
        else await rig.client.request(String(type), undefined, { timeoutMs: 100 })
      },
      async beforeServer({ type }, rig, placeholders) {
        if (type !== 'error') return
        const bad = rig.channels.subscribe(topic.thread(99_999), () => {}, {
          onError: (error) => refused.push(error),
        })
        await rig.clock.advance(0)
        placeholders.matches('$id:e1', rig.sent.at(-1)?.message_id)
        expect(bad.status.get().name).toMatch(/live|pending/)
      },
      mark: (frames) => {
        const slot = agents.slot('Agent')
        // The registry was fed only after the subscription to the family.
        const since = frames.slice(2)
        expect(slot.keys.get().map((id) => [id, slot.get(id)])).toEqual(literalAgents(since))
      },
    })
    const about = (check: (topic: string) => boolean) => flatEvents.filter(([, t]) => check(t))
    expect(received).toEqual({
      'agent:1': about((t) => t === 'agent:1'),
      'thread:88': about((t) => t === 'thread:88'),
      'thread:*': about((t) => t.startsWith('thread:')),
      // The first event arrived before the subscription.
      'agent:*': about((t) => t.startsWith('agent:')).slice(1),
      system: about((t) => t === 'system'),
    })
    expect(refused).toMatchObject([
      {
        code: 'not-found',
        detail: { channel: 'thread:99999', details: { error: 'Thread 99999 not found' } },
      },
    ])
    // The only error is the one message without a type.
    expect(rig.errors).toMatchObject([{ code: 'bad-frame' }])
    expect(rig.client.stats().lastRttMs).toBe(0)
  })
})

describe('a recorded session in the later envelope', () => {
  it('produces the recorded frames, with replies and events', async () => {
    const received: unknown[] = []
    const rig = await replayed({
      dialect: withErrors(withVersionedEnvelope(withConfirmations(topics))),
      lines: versioned,
      play: () => {},
      before: ({ client }) => void client.connect(),
      act: ({ type }, rig) => {
        expect(type).toBe('subscribe')
        rig.channels.subscribe(topic.agent(1), (payload, { type: name, timestamp }) => {
          received.push([name, (payload as Fields).status, timestamp])
        })
      },
    })
    expect(received).toEqual([
      ['agent_state', 'idle', 1744187402664],
      ['agent_updated', 'running', 1744187402701],
      ['run_update', 'running', 1744187402738],
    ])
    // The server's ping was in capitals.
    expect(rig.sent.at(-1)).toMatchObject({ v: 1, type: 'PONG', topic: 'system' })
    expect(rig.errors).toEqual([])
    expect(rig.channels.subscribe('agent:1', () => {}).status.get().name).toBe('live')
  })
})
