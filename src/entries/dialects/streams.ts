export type { StreamRequest, StreamStrategy, StreamsOptions } from '../../dialects/streams.ts'
export { clientsOf, streams, streamsDefaults, streamsDialect } from '../../dialects/streams.ts'
export type { StreamName, StreamStep } from '../../dialects/streams-names.ts'
export { streamName } from '../../dialects/streams-names.ts'
export type { ChatApi, ChatMessage, ChatOptions } from '../../streams/chat.ts'
export { chat, chatDefaults } from '../../streams/chat.ts'
export type { NotificationsApi, StreamNotification } from '../../streams/notifications.ts'
export { notifications } from '../../streams/notifications.ts'
export type { PresenceApi } from '../../streams/presence.ts'
export { presence } from '../../streams/presence.ts'
export type {
  StreamApis,
  StreamClient,
  StreamClientOptions,
  StreamConnection,
} from '../../streams/stream-client.ts'
export { createStreamClient } from '../../streams/stream-client.ts'
export type {
  PluginOptions,
  StreamPlugin,
  StreamPort,
} from '../../streams/stream-plugin.ts'
export { definePlugin } from '../../streams/stream-plugin.ts'
