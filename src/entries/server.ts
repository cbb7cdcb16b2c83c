export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export { nativeServer } from '../dialects/native/server.ts'
export type { ChannelPosition, Position } from '../protocol/frame.ts'
export type { PresenceDevice, PresenceUser } from '../protocol/presence.ts'
export type { ServerDialect } from '../protocol/server-dialect.ts'
export type { Answers, Begun } from '../server/answers.ts'
export type { BroadcastOverflow } from '../server/broadcast-cap.ts'
export type { Broker, Missed, NewEvent } from '../server/broker.ts'
export { ChannelEvent } from '../server/channel-event.ts'
export type { ChannelManagerOptions, PublishOptions } from '../server/channel-manager.ts'
export { ChannelManager } from '../server/channel-manager.ts'
export type { AddressedRequest, ClientAddress } from '../server/client-address.ts'
export { peerAddress } from '../server/client-address.ts'
export type { DisconnectOptions, ServerCloseOptions } from '../server/close-options.ts'
export { closeDefaults, disconnectDefaults } from '../server/close-options.ts'
export type { ServerCore } from '../server/core.ts'
export type { DrainOptions } from '../server/drain.ts'
export { drainDefaults } from '../server/drain.ts'
export type { DuuiMountOptions } from '../server/duui-mount.ts'
export { DuuiMount } from '../server/duui-mount.ts'
export type { EntityChange, EntityEvents, EventPublisher } from '../server/entity-events.ts'
export { broadcastEntities, entityChannel } from '../server/entity-events.ts'
export type { BusSubscriber, EventBusOptions } from '../server/event-bus.ts'
export { EventBus } from '../server/event-bus.ts'
export type { RequestContext, RequestHandler } from '../server/handlers.ts'
export type { AddressLimits, ServerLimits, UserLimits } from '../server/limits.ts'
export { limitDefaults } from '../server/limits.ts'
export type { MemoryBrokerOptions } from '../server/memory-broker.ts'
export { MemoryBroker } from '../server/memory-broker.ts'
export type {
  ConnectionInfo,
  HttpRefusal,
  Mount,
  MountRequest,
  Session,
  SessionInfo,
} from '../server/mount.ts'
export { nativeMount } from '../server/native-mount.ts'
export type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  CanConnect,
  CanReceive,
  CanSee,
  ChannelAction,
  DueEvent,
  Identified,
  Identity,
  RealtimeServerOptions,
  User,
  ValidateChannel,
} from '../server/options.ts'
export { serverDefaults } from '../server/options.ts'
export type { ServerPresenceOptions } from '../server/presence-options.ts'
export type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../server/presence-store.ts'
export type { PresenceHolder, PresenceTrackerOptions } from '../server/presence-tracker.ts'
export { PresenceTracker, presenceTrackerDefaults } from '../server/presence-tracker.ts'
export type { AsJson } from '../server/publish-event.ts'
export { publishEvent } from '../server/publish-event.ts'
export type { Rate, RateStore } from '../server/rate-store.ts'
export type { RealtimeRepositoryOptions, Repository } from '../server/realtime-repository.ts'
export { realtimeRepository } from '../server/realtime-repository.ts'
export type { ListeningServer } from '../server/realtime-server.ts'
export { createRealtimeServer, RealtimeServer } from '../server/realtime-server.ts'
export type { Receiver } from '../server/receiver.ts'
export type { RefuseOptions } from '../server/refusals.ts'
export { refuse } from '../server/refusals.ts'
export type { ServerStats } from '../server/server-stats.ts'
export type { PlainSocket, RawSocket, Socket, SocketHandlers } from '../server/socket.ts'
export type { AllowStats } from '../server/stats-handler.ts'
export type { TimelineStore } from '../server/timeline-store.ts'
export { MemoryTimelineStore } from '../server/timeline-store.ts'
export type { WebSocketManagerEvents } from '../server/websocket-manager.ts'
export { WebSocketManager } from '../server/websocket-manager.ts'
