import { ChannelSubscriber, createStore, type EventFrame, RealtimeClient, sync } from 'wirefold'
import {
  type AgentEventData,
  isTopicEvent,
  type ThreadMessageEventData,
  topic,
  topics,
} from 'wirefold/dialects/topics'

/** The page's only connection. */
export const client = new RealtimeClient('/api/ws/v2', { dialect: topics })

/** The topics of the page; all views share them. */
export const channels = new ChannelSubscriber(client)

/** The agents by id. */
export type Agents = ReadonlyMap<number, AgentEventData>

/** Returns the agents after an event. */
function agentsAfter(agents: Agents, event: EventFrame): Agents {
  if (isTopicEvent(event, 'agent_deleted')) {
    return new Map([...agents].filter(([id]) => id !== event.payload.id))
  }
  return isTopicEvent(event, 'agent_created') || isTopicEvent(event, 'agent_updated')
    ? new Map(agents).set(event.payload.id, event.payload)
    : agents
}

/** The agents: all that there are, also those that have not changed since the page was opened. */
export const agents = createStore<Agents>(new Map())

/** Keeps the agents in step, until the returned function is called. */
export const { start: followAgents } = sync(channels, topic.all('agent'), {
  // Families such as agent:* have no state on the socket: it is fetched, at first and after a gap.
  async load(signal) {
    const response = await fetch('/api/agents', { signal })
    if (!response.ok) throw new Error(`The agents were not fetched: status ${response.status}.`)
    const state: readonly AgentEventData[] = await response.json()
    return { state: new Map(state.map((agent) => [agent.id, agent])) }
  },
  into: {
    reset: (state) => agents.set(state),
    fold: (events) => agents.set(events.reduce(agentsAfter, agents.get())),
  },
})

/** Number of messages of a thread that a page keeps: the newest. */
const KEPT_MESSAGES = 100

/** A thread: its messages, and the message that is being written. */
export interface Thread {
  readonly messages: readonly ThreadMessageEventData[]
  readonly writing: string
}

export const NEW_THREAD: Thread = { messages: [], writing: '' }

/** Returns the thread after an event. */
export function threadAfter(thread: Thread, event: EventFrame): Thread {
  if (isTopicEvent(event, 'thread_history'))
    return { messages: event.payload.messages, writing: '' }
  if (isTopicEvent(event, 'stream_start')) return { ...thread, writing: '' }
  if (isTopicEvent(event, 'stream_chunk')) {
    return { ...thread, writing: thread.writing + event.payload.content }
  }
  return isTopicEvent(event, 'thread_message_created')
    ? { messages: [...thread.messages, event.payload].slice(-KEPT_MESSAGES), writing: '' }
    : thread
}
