import { type EventFrame, RealtimeClient } from 'wirefold'
import {
  type AgentEventData,
  isTopicEvent,
  type ThreadMessageEventData,
  topics,
} from 'wirefold/dialects/topics'

/** The page's only connection. */
export const client = new RealtimeClient('/api/ws/v2', { dialect: topics })

/** The agents by id. */
export type Agents = ReadonlyMap<number, AgentEventData>

/** Returns the agents after an event. */
export function agentsAfter(agents: Agents, event: EventFrame): Agents {
  if (isTopicEvent(event, 'agent_deleted')) {
    return new Map([...agents].filter(([id]) => id !== event.payload.id))
  }
  return isTopicEvent(event, 'agent_created') || isTopicEvent(event, 'agent_updated')
    ? new Map(agents).set(event.payload.id, event.payload)
    : agents
}

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
    ? { messages: [...thread.messages, event.payload].slice(-5), writing: '' }
    : thread
}
