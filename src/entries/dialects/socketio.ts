export { sessionChannel, socketio } from '../../dialects/socketio.ts'
export { withAcks } from '../../dialects/socketio-acks.ts'
export type { EngineIoOptions } from '../../dialects/socketio-engine.ts'
export { engineIo } from '../../dialects/socketio-engine.ts'
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
} from '../../dialects/socketio-events.ts'
export type { Post, ResponderOptions } from '../../dialects/socketio-respond.ts'
export { responder } from '../../dialects/socketio-respond.ts'
export type {
  SessionContext,
  SessionContexts,
  SessionState,
} from '../../dialects/socketio-sessions.ts'
export { sessionContexts, sessionSink } from '../../dialects/socketio-sessions.ts'
