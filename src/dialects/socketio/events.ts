/** The status of a session; unknown values of later server versions are passed on. */
export type SessionStatus =
  | 'ACTIVE'
  | 'PROCESSING'
  | 'COMPLETED'
  | 'FAILED'
  | 'EXPIRED'
  | (string & Record<never, never>)

/** The fields of every session event. */
export interface SessionEvent {
  readonly sessionId: string
  /** When it was sent, in ISO 8601. */
  readonly timestamp: string
}

/** The number of prompts of a session, by status. */
export interface PromptCounts {
  readonly total: number
  readonly completed: number
  readonly processing: number
  readonly pending: number
  readonly failed: number
}

/** The progress of a session. */
export interface SessionProgress extends SessionEvent {
  readonly status: SessionStatus
  /** From 0 to 100. */
  readonly progress: number
  readonly prompts: PromptCounts
  readonly hasClarifications: boolean
  readonly clarificationCount: number
  readonly hasResult?: boolean
  readonly result?: unknown
}

/** The result of one model for a session. */
export interface ModelResult extends SessionEvent {
  readonly modelName: string
  /** Provider of the model. */
  readonly provider?: string
  /** Duration in milliseconds; 0 while processing. */
  readonly duration: number
  /** Text of the result; empty while processing. */
  readonly result: string
  readonly status: 'processing' | 'completed' | 'failed'
  readonly error?: string
}

/** A question that a session asks its user. */
export interface Clarification extends SessionEvent {
  readonly clarificationId: string
  readonly question: string
  readonly status: 'pending' | 'answered'
}

/** The result of a completed session. */
export interface SessionCompleted extends SessionEvent {
  readonly result: unknown
}

/** An error of a session; the connection stays open. */
export interface SessionFailure extends SessionEvent {
  readonly error: string
}

/** The events of a session, by their names. */
export interface SessionEvents {
  progress: SessionProgress
  model_result: ModelResult
  clarification: Clarification
  completed: SessionCompleted
  error: SessionFailure
}

/** The first event of a connection, on the channel `socket`. */
export interface Connected {
  readonly socketId: string
  /** When it was sent, in ISO 8601. */
  readonly timestamp: string
}
