import { randomId } from '../../base/ids.ts'

/** The id of a topic; a number and its decimal text are the same id. */
export type TopicId = string | number

/** Builds and parses the names of topics. */
export const topic = {
  /** Returns the topic of an agent. */
  agent: (id: TopicId): string => `agent:${id}`,
  /** Returns the topic of a thread. */
  thread: (id: TopicId): string => `thread:${id}`,
  /** Returns the topic of a user. */
  user: (id: TopicId): string => `user:${id}`,
  /** Returns the topic of a run of a workflow. */
  workflowExecution: (id: TopicId): string => `workflow_execution:${id}`,
  /** Returns the wildcard for all topics of a kind, for servers that support it: `agent:*`. */
  all: (kind: string): string => `${kind}:*`,
  /** Splits a topic at its first colon into kind and id; returns `undefined` if one is missing. */
  parse(name: string): { readonly kind: string; readonly id: string } | undefined {
    const [, kind, id] = /^([^:]+):(.+)/s.exec(name) ?? []
    return kind && id ? { kind, id } : undefined
  },
} as const

/** A message to the server, in the flat envelope. */
export interface TopicMessage {
  /** Type of the message, such as `subscribe`. */
  readonly type: string
  /** Id of the message, which the reply repeats. */
  readonly message_id: string
  /** Other fields of the message. */
  readonly [field: string]: unknown
}

/** Makes a message, with a random id by default. */
export function messageWithId(
  type: string,
  body: object,
  messageId: string = randomId(),
): TopicMessage {
  return { type, ...body, message_id: messageId }
}

/** Makes the messages of the flat envelope, each with a random id by default. */
export const topicMessage = {
  /** Subscribes to topics. */
  subscribe: (topics: readonly string[], messageId?: string): TopicMessage =>
    messageWithId('subscribe', { topics }, messageId),
  /** Unsubscribes from topics. */
  unsubscribe: (topics: readonly string[], messageId?: string): TopicMessage =>
    messageWithId('unsubscribe', { topics }, messageId),
  /** Pings the server; its `pong` repeats the timestamp, in milliseconds. */
  ping: (timestamp: number = Date.now(), messageId?: string): TopicMessage =>
    messageWithId('ping', { timestamp }, messageId),
} as const

/** The payload of an agent event: the row of an agent, or a part of it. */
export interface AgentEventData {
  /** Id of the agent. */
  readonly id: number
  /** Name of the agent. */
  readonly name: string
  /** Status of the agent, if the event reports it. */
  readonly status?: string
}

/** The payload of `thread_created`. */
export interface ThreadCreatedEventData {
  /** Id of the thread. */
  readonly thread_id: number
  /** Id of the agent of the thread. */
  readonly agent_id?: number
  /** Title of the thread. */
  readonly title: string
}

/** The payload of `thread_updated`. */
export interface ThreadUpdatedEventData {
  /** Id of the thread. */
  readonly thread_id: number
  /** New title of the thread, if it changed. */
  readonly title?: string
}

/** The payload of `thread_deleted`. */
export interface ThreadDeletedEventData {
  /** Id of the thread. */
  readonly thread_id: number
  /** Id of the agent of the thread. */
  readonly agent_id?: number
}

/** The payload of `thread_message_created`. */
export interface ThreadMessageEventData {
  /** Id of the message. */
  readonly id?: number
  /** Id of the thread. */
  readonly thread_id: number
  /** Role of the author, such as `user` or `assistant`. */
  readonly role: string
  /** Text of the message. */
  readonly content: string
  /** Time in ISO 8601. */
  readonly timestamp?: string | null
  /** Whether the agent has processed the message. */
  readonly processed?: boolean
}

/** The payload of `thread_history`: every message so far. */
export interface ThreadHistoryData {
  /** Id of the thread. */
  readonly thread_id: number
  /** The messages so far, oldest first. */
  readonly messages: readonly ThreadMessageEventData[]
}

/** The payload of `stream_chunk`: the next piece of an answer that is being written. */
export interface StreamChunkData {
  /** Id of the thread. */
  readonly thread_id: number
  /** The next piece of the text. */
  readonly content: string
}

/** The payload of `run_update`. */
export interface RunUpdateData {
  /** Id of the run. */
  readonly id: number
  /** Id of the agent. */
  readonly agent_id: number
  /** Id of the thread, if the run belongs to one. */
  readonly thread_id?: number
  /** Status of the run. */
  readonly status: 'queued' | 'running' | 'success' | 'failed'
}

/** The payloads of the events of topics, by type. */
export interface TopicEvents {
  /** An agent was created. */
  agent_created: AgentEventData
  /** An agent was changed. */
  agent_updated: AgentEventData
  /** An agent was deleted. */
  agent_deleted: AgentEventData
  /** An agent reports an event of its own. */
  agent_event: AgentEventData
  /** The whole state of an agent, which ends a gap. */
  agent_state: AgentEventData
  /** A thread was created. */
  thread_created: ThreadCreatedEventData
  /** A thread was changed. */
  thread_updated: ThreadUpdatedEventData
  /** A thread was deleted. */
  thread_deleted: ThreadDeletedEventData
  /** A message was added to a thread. */
  thread_message_created: ThreadMessageEventData
  /** The messages of a thread so far, which end a gap. */
  thread_history: ThreadHistoryData
  /** An answer begins. */
  stream_start: { readonly thread_id: number }
  /** The next piece of an answer. */
  stream_chunk: StreamChunkData
  /** An answer is complete. */
  stream_end: { readonly thread_id: number }
  /** A run changed its status. */
  run_update: RunUpdateData
  /** The server reports its own status. */
  system_status: { readonly status: string }
}

/** The types of the events of topics. */
export type TopicEventType = keyof TopicEvents

/**
 * Returns whether an event is of the given type, which types its payload. The payload is not checked.
 *
 * @example
 * import { isTopicEvent, topic } from 'wirefold/dialects/topics'
 *
 * channels.subscribe(topic.thread(45), (_, event) => {
 *   if (isTopicEvent(event, 'stream_chunk')) append(event.payload.content)
 * })
 */
export function isTopicEvent<Type extends TopicEventType>(
  event: { readonly type: string; readonly payload: unknown },
  type: Type,
): event is { readonly type: Type; readonly payload: TopicEvents[Type] } {
  return event.type === type
}
