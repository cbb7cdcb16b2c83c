export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export type { ChannelPosition, Position } from '../wire/frame.ts'
export type { Answers, Begun } from './answers.ts'
export type { Broker, Missed, NewEvent } from './broker.ts'
export { ChannelEvent } from './channel-event.ts'
export type { AddressedRequest, ClientAddress } from './client-address.ts'
export { peerAddress } from './client-address.ts'
export type { DisconnectOptions, ServerCloseOptions } from './close-options.ts'
export { closeDefaults, disconnectDefaults } from './close-options.ts'
export type { ServerCore } from './core.ts'
export type { DrainOptions } from './drain.ts'
export { drainDefaults } from './drain.ts'
export type { DuuiMountOptions } from './duui-mount.ts'
export { DuuiMount } from './duui-mount.ts'
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
  ChannelAction,
  DueEvent,
  Identified,
  Identity,
  RealtimeServerOptions,
  User,
  ValidateChannel,
} from './options.ts'
export { serverDefaults } from './options.ts'
export type { Rate, RateStore } from './rate-store.ts'
export type { ListeningServer, PublishOptions } from './realtime-server.ts'
export { createRealtimeServer, RealtimeServer } from './realtime-server.ts'
export type { RefuseOptions } from './refusals.ts'
export { refuse } from './refusals.ts'
export type { ServerStats } from './server-stats.ts'
export type { Socket, SocketHandlers } from './socket.ts'
export type { AllowStats } from './stats-handler.ts'
export type { TimelineStore } from './timeline-store.ts'
export { MemoryTimelineStore } from './timeline-store.ts'
export type { WebSocketManagerEvents } from './websocket-manager.ts'
export { WebSocketManager } from './websocket-manager.ts'
