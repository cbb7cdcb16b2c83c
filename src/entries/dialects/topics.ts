export { withConfirmations } from '../../dialects/topics/confirmations.ts'
export { topics } from '../../dialects/topics/dialect.ts'
export { withVersionedEnvelope } from '../../dialects/topics/envelope.ts'
export { withErrors } from '../../dialects/topics/errors.ts'
export { withInitialTopics } from '../../dialects/topics/initial.ts'
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
} from '../../dialects/topics/messages.ts'
export { isTopicEvent, topic, topicMessage } from '../../dialects/topics/messages.ts'
