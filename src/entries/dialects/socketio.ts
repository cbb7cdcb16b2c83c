export type { Post, ResponderOptions } from '../../backends/socketio/respond.ts'
export { responder } from '../../backends/socketio/respond.ts'
export type {
  SessionContext,
  SessionContexts,
  SessionState,
} from '../../backends/socketio/session-contexts.ts'
export { sessionContexts, sessionSink } from '../../backends/socketio/session-contexts.ts'
export { withAcks } from '../../dialects/socketio/acks.ts'
export { sessionChannel, socketio } from '../../dialects/socketio/dialect.ts'
export type { EngineIoOptions } from '../../dialects/socketio/engine.ts'
export { engineIo } from '../../dialects/socketio/engine.ts'
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
