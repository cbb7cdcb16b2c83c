export { topics } from './topics.ts'
export type {
  AgentEventData,
  RunUpdateData,
  StreamChunkData,
  ThreadCreatedEventData,
  ThreadDeletedEventData,
  ThreadHistoryData,
  ThreadMessageEventData,
  ThreadUpdatedEventData,
  TopicEvents,
  TopicEventType,
  TopicId,
  TopicMessage,
} from './topics-messages.ts'
export { build, isTopicEvent, topic } from './topics-messages.ts'
