/**
 * The client: connection, channels, state, presence and optimistic updates.
 *
 * @module wirefold
 */

export type { BackoffOptions } from '../base/backoff.ts'
export { backoffDefaults } from '../base/backoff.ts'
export type { Cancel, Clock } from '../base/clock.ts'
export { systemClock } from '../base/clock.ts'
export type { Disposer } from '../base/disposable.ts'
export type { Unsubscribe } from '../base/emitter.ts'
export type {
  ContractIssue,
  ErrorCode,
  ErrorDetail,
  ErrorDetails,
  Refusal,
} from '../base/errors.ts'
export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export type { LogArea, Logger } from '../base/logger.ts'
export type { NotifyMode } from '../base/notify.ts'
export type {
  Followed,
  Readable,
  ReadableKind,
  StoreFactory,
  StoreKind,
  StoreOf,
  StoreOptions,
  Writable,
} from '../base/store.ts'
export { createStore, storeFactory } from '../base/store.ts'
export type { EventsOptions } from '../channels/channel-events.ts'
export { channelEvents, eventsDefaults } from '../channels/channel-events.ts'
export type { ChannelScope } from '../channels/channel-scope.ts'
export { channelScope } from '../channels/channel-scope.ts'
export type { ChannelOptions } from '../channels/channel-subscriber.ts'
export { ChannelSubscriber, channelDefaults } from '../channels/channel-subscriber.ts'
export type { GapReason } from '../channels/continuity.ts'
export { feed } from '../channels/feed.ts'
export type { Manager, ManagerOptions } from '../channels/manager.ts'
export { defineManager } from '../channels/manager.ts'
export type { PollingOptions } from '../channels/polling.ts'
export { pollingDefaults, pollWhileDown } from '../channels/polling.ts'
export type { RefetchOptions } from '../channels/refetch-on.ts'
export { refetchOn } from '../channels/refetch-on.ts'
export type { Subscriber } from '../channels/subscriber.ts'
export type {
  ChannelHandler,
  ChannelStatus,
  SubscribeOptions,
  Subscription,
} from '../channels/subscription.ts'
export type {
  ChannelSync,
  SyncOptions,
  SyncSnapshot,
  SyncStatus,
  SyncTarget,
} from '../channels/sync.ts'
export { sync, syncDefaults } from '../channels/sync.ts'
export type { ClientEvents } from '../client/client-events.ts'
export type { ClientStats } from '../client/client-stats.ts'
export type { ClientOptions } from '../client/options.ts'
export { clientDefaults } from '../client/options.ts'
export type { PublishOptions } from '../client/realtime-client.ts'
export { RealtimeClient } from '../client/realtime-client.ts'
export type { Auth, AuthReason } from '../connection/credentials.ts'
export type { Environment, EnvironmentEvent, PlatformGlobals } from '../connection/environment.ts'
export { platformEnvironment } from '../connection/environment.ts'
export type { HeartbeatOptions } from '../connection/heartbeat.ts'
export { heartbeatDefaults } from '../connection/heartbeat.ts'
export { ContextRegistry } from '../context/context-registry.ts'
export type { EventMeta, EventOrder } from '../context/event-order.ts'
export type {
  LoggedPayload,
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
  KeyedSlot,
  KeyedType,
  NoSlots,
  Plus,
  SingleSlot,
  SingleType,
  SlotView,
  UnionType,
} from '../context/registry-types.ts'
export type { KeySelector } from '../context/slot-plans.ts'
export { native } from '../dialects/native/client.ts'
export type {
  ApplicationStore,
  SettableStore,
  SubscribableStore,
  ValueStore,
} from '../optimistic/application-store.ts'
export type { BindOptions, BoundState } from '../optimistic/bind.ts'
export type { BoundList, ListOptions } from '../optimistic/bind-list.ts'
export { bindList, listDefaults } from '../optimistic/bind-list.ts'
export type { BoundRecord, RecordOptions } from '../optimistic/bind-record.ts'
export { bindRecord } from '../optimistic/bind-record.ts'
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
export type {
  ConfirmedState,
  OptimisticTarget,
  StateSource,
  StateStep,
} from '../optimistic/state-source.ts'
export type {
  CheckCounts,
  CheckOptions,
  ClientChecks,
  ContractDifference,
  RepliedRequest,
  Validate,
} from '../ports/client-checks.ts'
export type { ConnectionState } from '../ports/connection-state.ts'
export type { Sink } from '../ports/event-sink.ts'
export type {
  ClientOutbox,
  OutboxHost,
  OutboxIdentity,
  OutboxStorage,
  RestoredMutation,
  SettledRequest,
} from '../ports/outbox-storage.ts'
export type { EntityIntent, RequestOptions, StorableMutation } from '../ports/outgoing-request.ts'
export type { CloseInfo } from '../ports/transport.ts'
export type { PresenceHandle } from '../presence/own-presence.ts'
export type {
  EnterOptions,
  PresenceEvent,
  PresenceEvents,
  PresenceOptions,
} from '../presence/presence-manager.ts'
export { PresenceManager, presenceDefaults } from '../presence/presence-manager.ts'
export type { PresenceChange } from '../presence/presence-state.ts'
export type { Credentials } from '../protocol/dialect.ts'
export type { Fields } from '../protocol/fields.ts'
export type {
  ChannelPosition,
  EventFrame,
  NoticeFrame,
  Position,
  Reply,
} from '../protocol/frame.ts'
export type { PresenceDevice, PresenceUser } from '../protocol/presence.ts'
export type { OutboxOptions } from '../requests/outbox-options.ts'
export { outboxDefaults } from '../requests/outbox-options.ts'
export type { RequestCounts } from '../requests/pending-requests.ts'
export type {
  WebSocketConstructor,
  WebSocketLike,
  WebSocketTransportOptions,
} from '../transports/websocket.ts'
export { webSocketTransport } from '../transports/websocket.ts'

/*
 * Types that only the types above use: the declarations of an application name them by these.
 */

/** The types behind the registry. */
export type * as RegistryTypes from '../context/registry-types.ts'
