import type { SessionState } from 'wirefold/dialects/socketio'

/** An event as sent: its name and its first argument. */
export type WireEvent = readonly [name: string, data: unknown]

/** The state of one session. */
interface Session {
  progress: Row | undefined
  completed: Row | undefined
  readonly errors: Row[]
  readonly models: Map<string, Row>
  readonly clarifications: Map<string, Row>
}
type Row = Readonly<Record<string, unknown>>

/**
 * Reference implementation of the session server's events, with one `case` per event. It is
 * repetitive on purpose, and shares only the type of the compared state with `src/`.
 */
export class LiteralSessions {
  readonly #sessions = new Map<string, Session>()
  /** Number of events that arrived after a newer one of the same entry. */
  stale = 0
  /** Number of events with an unknown name. */
  ignored = 0
  /** Number of events without a session id. */
  malformed = 0

  /** Applies one event. */
  take([name, data]: WireEvent): void {
    const row: Row = typeof data === 'object' && data !== null ? { ...data } : {}
    const id = row.sessionId
    switch (name) {
      case 'progress': {
        const session = this.#find(id)
        if (session === undefined) return
        if (this.#isStale(session.progress, row)) return
        session.progress = row
        return
      }
      case 'completed': {
        const session = this.#find(id)
        if (session === undefined) return
        if (this.#isStale(session.completed, row)) return
        session.completed = row
        return
      }
      case 'error': {
        const session = this.#find(id)
        if (session === undefined) return
        const again = session.errors.some(
          ({ error, timestamp }) => error === row.error && timestamp === row.timestamp,
        )
        if (!again) session.errors.push(row)
        return
      }
      case 'model_result': {
        const session = this.#find(id)
        if (session === undefined || typeof row.modelName !== 'string') return
        if (this.#isStale(session.models.get(row.modelName), row)) return
        session.models.set(row.modelName, row)
        return
      }
      case 'clarification': {
        const session = this.#find(id)
        if (session === undefined || typeof row.clarificationId !== 'string') return
        const known = session.clarifications.get(row.clarificationId)
        if (known?.status === 'answered' && row.status === 'pending') return
        if (this.#isStale(known, row)) return
        session.clarifications.set(row.clarificationId, row)
        return
      }
      default:
        this.ignored++
    }
  }

  /** The states of all sessions, in the form of the library. */
  get states(): ReadonlyMap<string, SessionState> {
    const states = new Map<string, SessionState>()
    for (const [id, session] of this.#sessions) {
      const { progress, completed, models, clarifications } = session
      const errors = [...session.errors].sort((a, b) => time(a) - time(b)).slice(-100)
      states.set(id, {
        progress: progress as SessionState['progress'],
        modelResults: [...models.values()] as never,
        clarifications: [...clarifications.values()] as never,
        completed: completed as SessionState['completed'],
        isCompleted: completed !== undefined || progress?.status === 'COMPLETED',
        error: errors.at(-1) as SessionState['error'],
        errors: errors as never,
      })
    }
    return states
  }

  #find(id: unknown): Session | undefined {
    if (typeof id !== 'string') {
      this.malformed++
      return undefined
    }
    let session = this.#sessions.get(id)
    if (session === undefined) {
      session = {
        progress: undefined,
        completed: undefined,
        errors: [],
        models: new Map(),
        clarifications: new Map(),
      }
      this.#sessions.set(id, session)
    }
    return session
  }

  #isStale(before: Row | undefined, after: Row): boolean {
    if (before === undefined) return false
    const stale = time(after) < time(before)
    if (stale) this.stale++
    return stale
  }
}

/** Returns the time of an event; events without a timestamp are older than all others. */
function time({ timestamp }: Row): number {
  const ms = new Date(String(timestamp)).getTime()
  return ms >= 0 ? ms : -1
}
