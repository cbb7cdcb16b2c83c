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
  readonly id: number
  readonly name: string
  readonly status?: string
}

/** The payload of `thread_created`. */
export interface ThreadCreatedEventData {
  readonly thread_id: number
  readonly agent_id?: number
  readonly title: string
}

/** The payload of `thread_updated`. */
export interface ThreadUpdatedEventData {
  readonly thread_id: number
  readonly title?: string
}

/** The payload of `thread_deleted`. */
export interface ThreadDeletedEventData {
  readonly thread_id: number
  readonly agent_id?: number
}

/** The payload of `thread_message_created`. */
export interface ThreadMessageEventData {
  readonly id?: number
  readonly thread_id: number
  readonly role: string
  readonly content: string
  /** Time in ISO 8601. */
  readonly timestamp?: string | null
  readonly processed?: boolean
}

/** The payload of `thread_history`: every message so far. */
export interface ThreadHistoryData {
  readonly thread_id: number
  readonly messages: readonly ThreadMessageEventData[]
}

/** The payload of `stream_chunk`: the next piece of an answer that is being written. */
export interface StreamChunkData {
  readonly thread_id: number
  readonly content: string
}

/** The payload of `run_update`. */
export interface RunUpdateData {
  readonly id: number
  readonly agent_id: number
  readonly thread_id?: number
  readonly status: 'queued' | 'running' | 'success' | 'failed'
}

/** The payloads of the events, by their type. */
export interface TopicEvents {
  agent_created: AgentEventData
  agent_updated: AgentEventData
  agent_deleted: AgentEventData
  agent_event: AgentEventData
  agent_state: AgentEventData
  thread_created: ThreadCreatedEventData
  thread_updated: ThreadUpdatedEventData
  thread_deleted: ThreadDeletedEventData
  thread_message_created: ThreadMessageEventData
  thread_history: ThreadHistoryData
  stream_start: { readonly thread_id: number }
  stream_chunk: StreamChunkData
  stream_end: { readonly thread_id: number }
  run_update: RunUpdateData
  system_status: { readonly status: string }
}

/** The types of the events. */
export type TopicEventType = keyof TopicEvents

/**
 * Whether an event is of the given type, which types its payload. The payload is not checked.
 *
 * @example
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
