/**
 * The protocol of a backend with topics, such as `agent:1`.
 *
 * @module wirefold/dialects/topics
 */

export { topics } from '../../dialects/topics/dialect.ts'
export { withErrors } from '../../dialects/topics/errors.ts'
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
export {
  withConfirmations,
  withInitialTopics,
  withVersionedEnvelope,
} from '../../dialects/topics/variants.ts'
