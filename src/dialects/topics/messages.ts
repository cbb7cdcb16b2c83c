import { randomId } from '../../base/ids.ts'

/** A number and its text are the same id. */
export type TopicId = string | number

/** The names of topics. */
export const topic = {
  /** The topic of an agent. */
  agent: (id: TopicId): string => `agent:${id}`,
  /** The topic of a thread. */
  thread: (id: TopicId): string => `thread:${id}`,
  /** The topic of a user. */
  user: (id: TopicId): string => `user:${id}`,
  /** The topic of a run of a workflow. */
  workflowExecution: (id: TopicId): string => `workflow_execution:${id}`,
  /** All topics of a kind, where the server knows such: `agent:*`. */
  all: (kind: string): string => `${kind}:*`,
  /** The kind and id of a topic, split at its first colon; `undefined` where there is none. */
  parse(name: string): { readonly kind: string; readonly id: string } | undefined {
    const colon = name.indexOf(':')
    return colon > 0 && colon < name.length - 1
      ? { kind: name.slice(0, colon), id: name.slice(colon + 1) }
      : undefined
  },
} as const

/** A message to the server, in the flat envelope. */
export interface TopicMessage {
  readonly type: string
  /** Every answer echoes it. */
  readonly message_id: string
  /** Whatever else the message says. */
  readonly [field: string]: unknown
}

/** A message with an id of its own, unless one is given. */
export function messageWithId(
  type: string,
  body: object,
  messageId: string = randomId(),
): TopicMessage {
  return { type, ...body, message_id: messageId }
}

/** Makes the messages of the flat envelope, each with an id of its own unless one is given. */
export const topicMessage = {
  /** Asks for the events of topics. */
  subscribe: (topics: readonly string[], messageId?: string): TopicMessage =>
    messageWithId('subscribe', { topics }, messageId),
  /** Asks for the events of topics no longer. */
  unsubscribe: (topics: readonly string[], messageId?: string): TopicMessage =>
    messageWithId('unsubscribe', { topics }, messageId),
  /** Asks for a sign of life; the `pong` carries the same timestamp, in milliseconds. */
  ping: (timestamp: number = Date.now(), messageId?: string): TopicMessage =>
    messageWithId('ping', { timestamp }, messageId),
} as const

/** What an agent event tells: the row of an agent, or a part of it. */
export interface AgentEventData {
  readonly id: number
  readonly name: string
  readonly status?: string
}

/** What `thread_created` tells. */
export interface ThreadCreatedEventData {
  readonly thread_id: number
  readonly agent_id?: number
  readonly title: string
}

/** What `thread_updated` tells. */
export interface ThreadUpdatedEventData {
  readonly thread_id: number
  readonly title?: string
}

/** What `thread_deleted` tells. */
export interface ThreadDeletedEventData {
  readonly thread_id: number
  readonly agent_id?: number
}

/** What `thread_message_created` tells. */
export interface ThreadMessageEventData {
  readonly id?: number
  readonly thread_id: number
  readonly role: string
  readonly content: string
  /** ISO 8601. */
  readonly timestamp?: string | null
  readonly processed?: boolean
}

/** What `thread_history` tells: every message so far. */
export interface ThreadHistoryData {
  readonly thread_id: number
  readonly messages: readonly ThreadMessageEventData[]
}

/** What a piece of an answer tells while it is written. */
export interface StreamChunkData {
  readonly thread_id: number
  readonly content: string
}

/** What `run_update` tells. */
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
 * Whether an event is of the given type; what it tells is then typed. Nothing is checked beyond the
 * type.
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
