export { topics } from './topics.ts'
export { withConfirmations } from './topics-confirmations.ts'
export { withVersionedEnvelope } from './topics-envelope.ts'
export { withErrors } from './topics-errors.ts'
export { withInitialTopics } from './topics-initial.ts'
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
