import { expect, it } from 'vitest'
import { ContextRegistry } from 'wirefold'
import { eventFrame } from './event-frames.ts'

type Agent = { type: 'agent'; id: number; state: 'idle' | 'busy' }
type Message = { type: 'message'; id: number; thread: string; text: string }
type Thread = { type: 'thread'; id: string; title: string; agents: Agent[] }
type Gone = { type: 'gone'; id: number }

it('a domain of agents, discriminated by `type`, needs only a few slots', () => {
  const agents = new ContextRegistry<Agent | Message | Thread | Gone, 'type'>({ by: 'type' })
    .keyed('agent', (agent) => `${agent.id}`)
    .keyed('thread', (thread) => thread.id, { parts: (thread) => thread.agents })
    .reduce('message', {
      key: (message) => message.thread,
      initial: [] as readonly string[],
      apply: (texts, message) => [...texts, message.text],
    })
    .derived(
      'last',
      'message',
      (message) => message.thread,
      (message) => message.text,
    )
    .reduce('gone', { initial: 0, apply: (gone) => gone + 1 })
    .complete()

  agents.fold([
    eventFrame({
      type: 'thread',
      id: 't',
      title: 'T',
      agents: [{ type: 'agent', id: 1, state: 'idle' }],
    }),
    eventFrame({ context: { type: 'message', id: 1, thread: 't', text: 'hello' } }),
    eventFrame({ type: 'message', id: 2, thread: 't', text: 'you' }),
    eventFrame({ type: 'agent', id: 1, state: 'busy' }),
    eventFrame({ type: 'gone', id: 2 }),
    eventFrame({ kind: 'agent', id: 3 }),
  ])

  expect(agents.entity('agent', '1').get()?.state).toBe('busy')
  expect(agents.entity('message', 't').get()).toEqual(['hello', 'you'])
  expect(agents.entity('last', 't').get()).toBe('you')
  expect(agents.entity('gone').get()).toBe(1)
  expect(agents.counts()).toMatchObject({ dropped: 1, unknown: 0 })
})
