export { sessionChannel, socketio } from './socketio.ts'
export { withAcks } from './socketio-acks.ts'
export type { EngineIoOptions } from './socketio-engine.ts'
export { engineIo } from './socketio-engine.ts'
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
} from './socketio-events.ts'
export type { Post, ResponderOptions } from './socketio-respond.ts'
export { responder } from './socketio-respond.ts'
export type { SessionContext, SessionContexts, SessionState } from './socketio-sessions.ts'
export { sessionContexts, sessionSink } from './socketio-sessions.ts'
