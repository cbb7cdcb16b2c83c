export { isWirefoldError, WirefoldError } from '../base/errors.ts'
export type { ChannelPosition, Position } from '../wire/frame.ts'
export type { PresenceDevice, PresenceUser } from '../wire/presence.ts'
export type { Answers, Begun } from './answers.ts'
export type { Broker, Missed, NewEvent } from './broker.ts'
export { ChannelEvent } from './channel-event.ts'
export type { ServerCore } from './core.ts'
export type { DrainOptions } from './drain.ts'
export { drainDefaults } from './drain.ts'
export type { DuuiMountOptions } from './duui-mount.ts'
export { DuuiMount } from './duui-mount.ts'
export type { RequestContext, RequestHandler } from './handlers.ts'
export type { MemoryBrokerOptions } from './memory-broker.ts'
export { MemoryBroker } from './memory-broker.ts'
export type { ConnectionInfo, HttpRefusal, Mount, MountRequest, Session } from './mount.ts'
export { nativeMount } from './native-mount.ts'
export type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  CanReceive,
  CanSee,
  ChannelAction,
  DueEvent,
  RealtimeServerOptions,
  ServerLimits,
  ServerPresenceOptions,
  User,
} from './options.ts'
export { serverDefaults } from './options.ts'
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
export type {
  ListeningServer,
  PublishOptions,
  ServerCloseOptions,
  ServerStats,
} from './realtime-server.ts'
export { createRealtimeServer, RealtimeServer } from './realtime-server.ts'
export type { RefuseOptions } from './refusals.ts'
export { refuse } from './refusals.ts'
export type { Socket, SocketHandlers } from './socket.ts'
export type { TimelineStore } from './timeline-store.ts'
export { MemoryTimelineStore } from './timeline-store.ts'
