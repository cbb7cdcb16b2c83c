export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export { nativeServer } from '../dialects/native-server.ts'
export type { ChannelPosition, Position } from '../wire/frame.ts'
export type { PresenceDevice, PresenceUser } from '../wire/presence.ts'
export type { ServerDialect } from '../wire/server-dialect.ts'
export type { Answers, Begun } from './answers.ts'
export type { BroadcastOverflow } from './broadcast-cap.ts'
export type { Broker, Missed, NewEvent } from './broker.ts'
export { ChannelEvent } from './channel-event.ts'
export type { ChannelManagerOptions, PublishOptions } from './channel-manager.ts'
export { ChannelManager } from './channel-manager.ts'
export type { AddressedRequest, ClientAddress } from './client-address.ts'
export { peerAddress } from './client-address.ts'
export type { DisconnectOptions, ServerCloseOptions } from './close-options.ts'
export { closeDefaults, disconnectDefaults } from './close-options.ts'
export type { ServerCore } from './core.ts'
export type { DrainOptions } from './drain.ts'
export { drainDefaults } from './drain.ts'
export type { DuuiMountOptions } from './duui-mount.ts'
export { DuuiMount } from './duui-mount.ts'
export type { EntityChange, EntityEvents, EventPublisher } from './entity-events.ts'
export { broadcastEntities, entityChannel } from './entity-events.ts'
export type { BusSubscriber, EventBusOptions } from './event-bus.ts'
export { EventBus } from './event-bus.ts'
export type { RequestContext, RequestHandler } from './handlers.ts'
export type { AddressLimits, ServerLimits, UserLimits } from './limits.ts'
export { limitDefaults } from './limits.ts'
export type { MemoryBrokerOptions } from './memory-broker.ts'
export { MemoryBroker } from './memory-broker.ts'
export type {
  ConnectionInfo,
  HttpRefusal,
  Mount,
  MountRequest,
  Session,
  SessionInfo,
} from './mount.ts'
export { nativeMount } from './native-mount.ts'
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
} from './options.ts'
export { serverDefaults } from './options.ts'
export type { ServerPresenceOptions } from './presence-options.ts'
export type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from './presence-store.ts'
export type { PresenceHolder, PresenceTrackerOptions } from './presence-tracker.ts'
export { PresenceTracker, presenceTrackerDefaults } from './presence-tracker.ts'
export type { AsJson } from './publish-event.ts'
export { publishEvent } from './publish-event.ts'
export type { Rate, RateStore } from './rate-store.ts'
export type { RealtimeRepositoryOptions, Repository } from './realtime-repository.ts'
export { realtimeRepository } from './realtime-repository.ts'
export type { ListeningServer } from './realtime-server.ts'
export { createRealtimeServer, RealtimeServer } from './realtime-server.ts'
export type { Receiver } from './receiver.ts'
export type { RefuseOptions } from './refusals.ts'
export { refuse } from './refusals.ts'
export type { ServerStats } from './server-stats.ts'
export type { PlainSocket, RawSocket, Socket, SocketHandlers } from './socket.ts'
export type { AllowStats } from './stats-handler.ts'
export type { TimelineStore } from './timeline-store.ts'
export { MemoryTimelineStore } from './timeline-store.ts'
export type { WebSocketManagerEvents } from './websocket-manager.ts'
export { WebSocketManager } from './websocket-manager.ts'
