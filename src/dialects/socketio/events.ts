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
  /** Id of the session. */
  readonly sessionId: string
  /** Time of sending, in ISO 8601. */
  readonly timestamp: string
}

/** The number of prompts of a session, by status. */
export interface PromptCounts {
  /** Number of all prompts. */
  readonly total: number
  /** Number of completed prompts. */
  readonly completed: number
  /** Number of prompts that are being processed. */
  readonly processing: number
  /** Number of prompts that wait. */
  readonly pending: number
  /** Number of failed prompts. */
  readonly failed: number
}

/** The progress of a session. */
export interface SessionProgress extends SessionEvent {
  /** Status of the session. */
  readonly status: SessionStatus
  /** From 0 to 100. */
  readonly progress: number
  /** Number of prompts by status. */
  readonly prompts: PromptCounts
  /** Whether the session asks its user questions. */
  readonly hasClarifications: boolean
  /** Number of questions. */
  readonly clarificationCount: number
  /** Whether the session has a result. */
  readonly hasResult?: boolean
  /** The result, if there is one; not checked. */
  readonly result?: unknown
}

/** The result of one model for a session. */
export interface ModelResult extends SessionEvent {
  /** Name of the model. */
  readonly modelName: string
  /** Provider of the model. */
  readonly provider?: string
  /** Duration in milliseconds; 0 while processing. */
  readonly duration: number
  /** Text of the result; empty while processing. */
  readonly result: string
  /** Status of the model's work. */
  readonly status: 'processing' | 'completed' | 'failed'
  /** The error of a failed model. */
  readonly error?: string
}

/** A question that a session asks its user. */
export interface Clarification extends SessionEvent {
  /** Id of the question, which the answer carries. */
  readonly clarificationId: string
  /** Text of the question. */
  readonly question: string
  /** Whether the question was answered. */
  readonly status: 'pending' | 'answered'
}

/** The result of a completed session. */
export interface SessionCompleted extends SessionEvent {
  /** The result of the session; not checked. */
  readonly result: unknown
}

/** An error of a session; the connection stays open. */
export interface SessionFailure extends SessionEvent {
  /** Text of the error. */
  readonly error: string
}

/** The events of a session, by their names. */
export interface SessionEvents {
  /** The progress of the session. */
  progress: SessionProgress
  /** The result of one model. */
  model_result: ModelResult
  /** A question to the user. */
  clarification: Clarification
  /** The end of the session, with its result. */
  completed: SessionCompleted
  /** An error of the session. */
  error: SessionFailure
}

/** The first event of a connection, on the channel `socket`. */
export interface Connected {
  /** Id of the socket. */
  readonly socketId: string
  /** Time of sending, in ISO 8601. */
  readonly timestamp: string
}
