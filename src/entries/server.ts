/**
 * The server for Node: channels, requests, presence and access, with a broker in memory.
 *
 * @module wirefold/server
 */

export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export { nativeServer } from '../dialects/native/server.ts'
export type { ChannelPosition, Position } from '../protocol/frame.ts'
export type { PresenceDevice, PresenceEventPayload, PresenceUser } from '../protocol/presence.ts'
export type { Encoded, EventEncoder, ServerDialect } from '../protocol/server-dialect.ts'
export type { AccessOptions } from '../server/access/access-options.ts'
export type { AddressedRequest, ClientAddress } from '../server/access/client-address.ts'
export { behindProxies, peerAddress } from '../server/access/client-address.ts'
export type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  CanConnect,
  CanReceive,
  CanSee,
  ChannelAction,
  Identified,
  Identity,
  Permission,
  ReceivableEvent,
  SubscribeGrant,
  User,
  ValidateChannel,
} from '../server/access/hooks.ts'
export type { AddressLimits, ServerLimits, UserLimits } from '../server/access/limits.ts'
export { limitDefaults } from '../server/access/limits.ts'
export type { RefuseOptions } from '../server/access/refusals.ts'
export { refuse } from '../server/access/refusals.ts'
export type { HttpRefusal, UpgradeRequest } from '../server/access/upgrade-request.ts'
export type {
  EntityChange,
  EntityEvents,
  EventPublisher,
} from '../server/application/entity-events.ts'
export { broadcastEntities, entityChannel } from '../server/application/entity-events.ts'
export type { BusSubscriber, EventBusOptions } from '../server/application/event-bus.ts'
export { EventBus } from '../server/application/event-bus.ts'
export type { AsJson, PublishableType } from '../server/application/publish-event.ts'
export { publishEvent } from '../server/application/publish-event.ts'
export type {
  RealtimeRepositoryOptions,
  Repository,
} from '../server/application/realtime-repository.ts'
export { realtimeRepository } from '../server/application/realtime-repository.ts'
export { attach } from '../server/attach.ts'
export type {
  Broker,
  ChannelListener,
  HistorySlice,
  RequestPart,
  StoredReply,
} from '../server/broker/broker.ts'
export type { NewEvent } from '../server/broker/channel-event.ts'
export { ChannelEvent } from '../server/broker/channel-event.ts'
export type { HistoryLimits } from '../server/broker/history-limits.ts'
export { historyDefaults } from '../server/broker/history-limits.ts'
export type { MemoryBrokerOptions } from '../server/broker/memory/memory-broker.ts'
export { MemoryBroker } from '../server/broker/memory/memory-broker.ts'
export type { PresenceLimits } from '../server/broker/presence-limits.ts'
export { presenceLimitDefaults } from '../server/broker/presence-limits.ts'
export type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../server/broker/presence-store.ts'
export type { Rate, RateStore } from '../server/broker/rate-store.ts'
export type { ReplyLimits } from '../server/broker/reply-limits.ts'
export { replyDefaults } from '../server/broker/reply-limits.ts'
export type { ReplyLookup, ReplyStore } from '../server/broker/reply-store.ts'
export type { ChannelRequest, PublishOptions } from '../server/channels/channel-manager.ts'
export { ChannelManager } from '../server/channels/channel-manager.ts'
export type { ChannelManagerOptions, ChannelOptions } from '../server/channels/channel-options.ts'
export type { ChannelReceiver, SnapshotRequest } from '../server/channels/channel-receiver.ts'
export type { ChannelMembership } from '../server/channels/membership.ts'
export type { BroadcastOverflow } from '../server/channels/publish-rate.ts'
export type { ServerContractOptions } from '../server/contract/contract-options.ts'
export type { PayloadArgs, UserPayload, UserType } from '../server/contract/publish-types.ts'
export type { HttpServer } from '../server/http/claim-upgrades.ts'
export type { ListeningServer } from '../server/http/listening-server.ts'
export type { ConnectRequest } from '../server/http/upgrade-router.ts'
export type { ServerStats } from '../server/metrics/server-stats.ts'
export type { AllowStats } from '../server/metrics/stats-handler.ts'
export type { DialectMountOptions } from '../server/mounts/dialect-mount.ts'
export { dialectMount } from '../server/mounts/dialect-mount.ts'
export type { DuuiMount, DuuiMountOptions } from '../server/mounts/duui/duui-mount.ts'
export { duuiMount } from '../server/mounts/duui/duui-mount.ts'
export type { TimelineStore } from '../server/mounts/duui/timeline-store.ts'
export { MemoryTimelineStore } from '../server/mounts/duui/timeline-store.ts'
export { entityMount } from '../server/mounts/entity/entity-mount.ts'
export { nativeMount } from '../server/mounts/native/native-mount.ts'
export type { SocketioMountOptions } from '../server/mounts/socketio/socketio-mount.ts'
export { socketioMount } from '../server/mounts/socketio/socketio-mount.ts'
export { chatPlugin } from '../server/mounts/streams/chat-plugin.ts'
export { notificationsPlugin } from '../server/mounts/streams/notifications-plugin.ts'
export type {
  FollowedEvent,
  PluginContext,
  PluginMessage,
  PluginServer,
  PluginSocket,
  ServerPlugin,
} from '../server/mounts/streams/plugin.ts'
export { definePlugin } from '../server/mounts/streams/plugin.ts'
export { presencePlugin } from '../server/mounts/streams/presence-plugin.ts'
export type { StreamsMountOptions } from '../server/mounts/streams/streams-mount.ts'
export { streamsMount } from '../server/mounts/streams/streams-mount.ts'
export type { TopicsMountOptions } from '../server/mounts/topics/topics-mount.ts'
export { topicsMount } from '../server/mounts/topics/topics-mount.ts'
export type { RealtimeServerOptions } from '../server/options.ts'
export { serverDefaults } from '../server/options.ts'
export type { ServerPresenceOptions } from '../server/presence/presence-options.ts'
export type { PresenceMember, PresenceTrackerOptions } from '../server/presence/presence-tracker.ts'
export { PresenceTracker, presenceTrackerDefaults } from '../server/presence/presence-tracker.ts'
export type { ServerSetup } from '../server/realtime-server.ts'
export { createRealtimeServer, RealtimeServer } from '../server/realtime-server.ts'
export type {
  HandlerOf,
  HandlerOptions,
  RequestContext,
  RequestHandler,
} from '../server/requests/request-handlers.ts'
export type {
  ConnectionInfo,
  MessageLimiter,
  Mount,
  MountHost,
  MountSession,
  OpenSession,
  SessionInfo,
  SessionOptions,
  SessionPart,
} from '../server/session/mount.ts'
export type { ChannelState, ReadSnapshot } from '../server/session/snapshot.ts'
export { sharedServer } from '../server/shared-server.ts'
export type {
  DisconnectOptions,
  DrainOptions,
  ServerCloseOptions,
} from '../server/shutdown-options.ts'
export { closeDefaults, disconnectDefaults, drainDefaults } from '../server/shutdown-options.ts'
export type { PlainSocket, RawSocket, Socket, SocketHandlers } from '../server/socket/socket.ts'
export type { WebSocketManagerEvents } from '../server/websocket-manager.ts'
export { WebSocketManager } from '../server/websocket-manager.ts'
