/**
 * The protocol of a backend with plugins over streams: chat, presence and notifications.
 *
 * @module wirefold/dialects/streams
 */

export type { ChatApi, ChatMessage, ChatOptions } from '../../backends/streams/chat.ts'
export { chat, chatDefaults } from '../../backends/streams/chat.ts'
export type {
  StreamApis,
  StreamClient,
  StreamClientOptions,
  StreamConnection,
} from '../../backends/streams/create-stream-client.ts'
export { createStreamClient } from '../../backends/streams/create-stream-client.ts'
export type { NotificationsApi, StreamNotification } from '../../backends/streams/notifications.ts'
export { notifications } from '../../backends/streams/notifications.ts'
export type { PresenceApi } from '../../backends/streams/presence.ts'
export { presence } from '../../backends/streams/presence.ts'
export type {
  PluginOptions,
  StreamPlugin,
  StreamPort,
} from '../../backends/streams/stream-plugin.ts'
export { streamPlugin } from '../../backends/streams/stream-plugin.ts'
export type {
  StreamRequest,
  StreamStrategy,
  StreamsOptions,
} from '../../dialects/streams/dialect.ts'
export {
  clientsOf,
  streams,
  streamsDefaults,
  streamsDialect,
} from '../../dialects/streams/dialect.ts'
export type { StreamName, StreamStep } from '../../dialects/streams/names.ts'
export { streamName } from '../../dialects/streams/names.ts'
