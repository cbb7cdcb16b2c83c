/** How a session fares; states of later versions pass as they are. */
export type SessionStatus =
  | 'ACTIVE'
  | 'PROCESSING'
  | 'COMPLETED'
  | 'FAILED'
  | 'EXPIRED'
  | (string & Record<never, never>)

/** What every event of a session carries. */
export interface SessionEvent {
  readonly sessionId: string
  /** When it was sent, in ISO 8601. */
  readonly timestamp: string
}

/** How many prompts of a session are where. */
export interface PromptCounts {
  readonly total: number
  readonly completed: number
  readonly processing: number
  readonly pending: number
  readonly failed: number
}

/** How far a session is. */
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

/** What a model has made of a session. */
export interface ModelResult extends SessionEvent {
  readonly modelName: string
  /** Who runs the model, where the server says so. */
  readonly provider?: string
  /** In milliseconds; 0 while it is processing. */
  readonly duration: number
  /** Empty while it is processing. */
  readonly result: string
  readonly status: 'processing' | 'completed' | 'failed'
  readonly error?: string
}

/** A question that a session has. */
export interface Clarification extends SessionEvent {
  readonly clarificationId: string
  readonly question: string
  readonly status: 'pending' | 'answered'
}

/** What a session has come to. */
export interface SessionCompleted extends SessionEvent {
  readonly result: unknown
}

/** What went wrong in a session; the connection is none the worse for it. */
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
