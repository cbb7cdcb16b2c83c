export type { BackoffOptions } from '../base/backoff.ts'
export { backoffDefaults } from '../base/backoff.ts'
export type { Cancel, Clock } from '../base/clock.ts'
export { systemClock } from '../base/clock.ts'
export type { Release } from '../base/disposable.ts'
export type { Unsubscribe } from '../base/emitter.ts'
export type { ErrorCode, ErrorDetail, ErrorDetails, Refusal } from '../base/errors.ts'
export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export type { LogArea, Logger } from '../base/logger.ts'
export type { NotifyMode } from '../base/schedule.ts'
export type {
  Readable,
  ReadableKind,
  StoreFactory,
  StoreKind,
  StoreOf,
  StoreOptions,
  Writable,
} from '../base/store.ts'
export { createStore, storeFactory } from '../base/store.ts'
export type { ChannelOptions } from '../channels/channel-subscriber.ts'
export { ChannelSubscriber, channelDefaults } from '../channels/channel-subscriber.ts'
export type { GapReason } from '../channels/continuity.ts'
export type { EventsOptions } from '../channels/events.ts'
export { events, eventsDefaults } from '../channels/events.ts'
export { feed } from '../channels/feed.ts'
export type { Manager, ManagerOptions } from '../channels/manager.ts'
export { defineManager } from '../channels/manager.ts'
export type { PollingOptions } from '../channels/polling.ts'
export { pollingDefaults, pollWhileDown } from '../channels/polling.ts'
export type { Scope } from '../channels/scope.ts'
export { scope } from '../channels/scope.ts'
export type {
  ChannelHandler,
  ChannelStatus,
  SubscribeOptions,
  Subscription,
} from '../channels/subscription.ts'
export type { Snapshot, Sync, SyncOptions, SyncTarget } from '../channels/sync.ts'
export { sync, syncDefaults } from '../channels/sync.ts'
export type { ClientEvents } from '../client/events.ts'
export type { ClientOptions } from '../client/options.ts'
export { clientDefaults } from '../client/options.ts'
export type { RequestOptions } from '../client/realtime-client.ts'
export { RealtimeClient } from '../client/realtime-client.ts'
export type { ClientStats } from '../client/stats.ts'
export type { Pending } from '../connection/asked.ts'
export type { Auth, AuthReason } from '../connection/authority.ts'
export type { ConnectionState } from '../connection/connection-state.ts'
export type { Environment, EnvironmentEvent } from '../connection/environment.ts'
export { platformEnvironment } from '../connection/environment.ts'
export type { HeartbeatOptions } from '../connection/heartbeat.ts'
export { heartbeatDefaults } from '../connection/heartbeat.ts'
export type { OutboxOptions } from '../connection/outbox-options.ts'
export { outboxDefaults } from '../connection/outbox-options.ts'
export type {
  WebSocketConstructor,
  WebSocketLike,
  WebSocketTransportOptions,
} from '../connection/websocket-transport.ts'
export { webSocketTransport } from '../connection/websocket-transport.ts'
export { ContextRegistry } from '../context/context-registry.ts'
export type { EventMeta, EventOrder } from '../context/order.ts'
export type {
  Payload,
  PayloadEntry,
  PayloadLog,
  PayloadLogOptions,
} from '../context/payload-log.ts'
export type {
  DerivedOptions,
  DropReason,
  EntryLimit,
  KeyedOptions,
  KeyedReduceOptions,
  PartsOption,
  ReduceOptions,
  RegistryCounts,
  RegistryOptions,
  SingleOptions,
  SlotRules,
} from '../context/registry-options.ts'
export type {
  ContextOf,
  Discriminated,
  FreeKind,
  KeyArguments,
  KeyedSlot,
  KeyedType,
  NoSlots,
  Plus,
  SingleSlot,
  SingleType,
  SlotType,
  SlotView,
  StoredName,
  UnhandledKind,
  UnionType,
  ValueOf,
} from '../context/registry-types.ts'
export type { KeySelector } from '../context/slot-plans.ts'
export { native } from '../dialects/native.ts'
export type { BindOptions, Bound } from '../optimistic/bind.ts'
export type { BoundList, ListOptions } from '../optimistic/bind-list.ts'
export { bindList } from '../optimistic/bind-list.ts'
export type { BoundRecord, RecordOptions } from '../optimistic/bind-record.ts'
export { bindRecord } from '../optimistic/bind-record.ts'
export type { Cell, Confirmed, Source, Step, Target } from '../optimistic/confirmed.ts'
export { OptimisticManager } from '../optimistic/optimistic-manager.ts'
export type {
  EntityApi,
  MutateOptions,
  MutationContext,
  Optimistic,
  OptimisticClient,
  OptimisticOptions,
  PendingMutation,
} from '../optimistic/optimistic-options.ts'
export { optimisticDefaults } from '../optimistic/optimistic-options.ts'
export type { Presence } from '../presence/presence-handle.ts'
export type {
  PresenceEvent,
  PresenceEvents,
  PresenceOptions,
} from '../presence/presence-manager.ts'
export { PresenceManager, presenceDefaults } from '../presence/presence-manager.ts'
export type { PresenceChange } from '../presence/presence-state.ts'
export type { Codec } from '../wire/codec.ts'
export type {
  Capabilities,
  Credentials,
  Dialect,
  DialectFactory,
  Outgoing,
  Presets,
} from '../wire/dialect.ts'
export { eventFrame } from '../wire/event-frame.ts'
export type {
  ChannelPosition,
  EventFrame,
  ExpiringFrame,
  Frame,
  GoawayFrame,
  Limits,
  NoticeFrame,
  PingFrame,
  PongFrame,
  Position,
  RefusalFrame,
  Reply,
  ReplyFrame,
  SubscribedFrame,
  UnsubscribedFrame,
  WelcomeFrame,
} from '../wire/frame.ts'
export type {
  AuthIntent,
  HelloIntent,
  Intent,
  PingIntent,
  PongIntent,
  PresenceIntent,
  PublishIntent,
  RequestIntent,
  SubscribeIntent,
  UnsubscribeIntent,
} from '../wire/intent.ts'
export { jsonCodec } from '../wire/json-codec.ts'
export type { Answer, Answered, Line, Wing } from '../wire/line.ts'
export type {
  KeptOutbox,
  OutboxHost,
  OutboxIdentity,
  OutboxStorage,
  SettledRequest,
} from '../wire/outbox.ts'
export { plainDialect } from '../wire/plain-dialect.ts'
export { plainReply } from '../wire/plain-frames.ts'
export type { PresenceDevice, PresenceUser } from '../wire/presence.ts'
export type { AskOptions, Question } from '../wire/question.ts'
export type { Sink } from '../wire/sink.ts'
export type {
  CloseInfo,
  Transport,
  TransportFactory,
  TransportHandlers,
} from '../wire/transport.ts'
