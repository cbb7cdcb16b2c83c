/**
 * The protocol of Socket.IO: rooms, acknowledgements and sessions.
 *
 * @module wirefold/dialects/socketio
 */

export type { Post, ResponderOptions } from '../../backends/socketio/respond.ts'
export { responder } from '../../backends/socketio/respond.ts'
export type {
  SessionContext,
  SessionContexts,
  SessionState,
} from '../../backends/socketio/session-contexts.ts'
export { sessionContexts, sessionSink } from '../../backends/socketio/session-contexts.ts'
export type { Acknowledger } from '../../dialects/socketio/acknowledge.ts'
export { acknowledge } from '../../dialects/socketio/acknowledge.ts'
export { withAcks } from '../../dialects/socketio/acks.ts'
export type { EngineIoOptions } from '../../dialects/socketio/engine.ts'
export { engineIo, engineIoTransport } from '../../dialects/socketio/engine.ts'
export type {
  Clarification,
  Connected,
  ModelResult,
  PromptCounts,
  SessionCompleted,
  SessionEvent,
  SessionEvents,
  SessionFailure,
  SessionProgress,
  SessionStatus,
} from '../../dialects/socketio/events.ts'
export type { AckErrors } from '../../dialects/socketio/failures.ts'
export type { RoomEvent, RoomOptions } from '../../dialects/socketio/rooms.ts'
export { sessionChannel, sessions } from '../../dialects/socketio/sessions.ts'
export type { SocketIoOptions } from '../../dialects/socketio/socketio.ts'
export { socketio } from '../../dialects/socketio/socketio.ts'
