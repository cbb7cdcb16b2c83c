import type { StoreKind } from '../../base/store.ts'
import type { SyncTarget } from '../../channels/sync.ts'
import type { ContextRegistry } from '../../context/context-registry.ts'
import type { KeyedType, NoSlots, Plus } from '../../context/registry-types.ts'
import type {
  Clarification,
  ModelResult,
  SessionCompleted,
  SessionEvent,
  SessionEvents,
  SessionFailure,
  SessionProgress,
} from '../../dialects/socketio/events.ts'
import { asFields, asString } from '../../protocol/fields.ts'

/** A registry of sessions: the entity `session` of a session id is its {@link SessionState}. */
export type SessionContexts<K extends StoreKind> = ContextRegistry<
  SessionContext,
  'kind',
  K,
  Plus<NoSlots, 'session', KeyedType<'session', SessionState>>
>

/** An event of a session as a context, discriminated by `event`. */
export type SessionContext = {
  readonly [Name in keyof SessionEvents]: {
    readonly kind: 'session'
    readonly event: Name
    readonly data: SessionEvents[Name]
  }
}[keyof SessionEvents]

/**
 * The state of a session: the newest event of each kind by timestamp, in any order of arrival. An
 * event without a readable timestamp never replaces one that has one.
 */
export interface SessionState {
  /** The newest progress, if there was one. */
  readonly progress: SessionProgress | undefined
  /** The newest result of each model, in the order in which the models first appeared. */
  readonly modelResults: readonly ModelResult[]
  /** Each clarification once, in order of first appearance; an answered one stays answered. */
  readonly clarifications: readonly Clarification[]
  /** The end of the session, with its result, if it has come. */
  readonly completed: SessionCompleted | undefined
  /** Whether a `completed` event arrived, or the progress has the status `COMPLETED`. */
  readonly isCompleted: boolean
  /** The newest error, if there was one. */
  readonly error: SessionFailure | undefined
  /** The newest 100 errors, the oldest first. */
  readonly errors: readonly SessionFailure[]
}

const FOLDED: readonly string[] = [
  ...['progress', 'model_result', 'clarification', 'completed', 'error'],
]

const NEW_SESSION: SessionState = {
  progress: undefined,
  modelResults: [],
  clarifications: [],
  completed: undefined,
  isCompleted: false,
  error: undefined,
  errors: [],
}

/** Maximum number of errors kept for a session. */
const MOST_ERRORS = 100

/**
 * Adds the entity `session` to a registry, one per session id.
 *
 * @param registry a new registry, with the application's options and stores
 * @example
 * import { ContextRegistry, feed } from 'wirefold'
 * import { sessionChannel, sessionContexts, sessionSink } from 'wirefold/dialects/socketio'
 *
 * const sessions = sessionContexts(new ContextRegistry())
 * feed(channels, sessionChannel(id), sessionSink(sessions))
 * sessions.entity('session', id).subscribe((session) => render(session?.progress))
 */
export function sessionContexts<K extends StoreKind>(
  registry: ContextRegistry<SessionContext, 'kind', K>,
): SessionContexts<K> {
  return registry.reduce('session', {
    key: ({ data }) => asString(asFields(data).sessionId),
    initial: NEW_SESSION,
    apply: (session, context) => frozen(changed(session, changeOf(session, context))),
  })
}

/**
 * Folds session events, for `feed`, and fetched states, for `sync` and `poll`.
 *
 * A fetched state is a list of contexts, each with its own timestamp; newer state is not replaced.
 */
export function sessionSink<K extends StoreKind>(
  sessions: SessionContexts<K>,
): SyncTarget<readonly SessionContext[]> {
  return {
    fold: (events) =>
      sessions.fold(
        events
          .filter(({ type }) => FOLDED.includes(type))
          .map((event) => {
            const { type, payload } = event
            return { ...event, payload: { kind: 'session', event: type, data: payload } }
          }),
      ),
    reset: (contexts) => {
      for (const context of contexts) sessions.dispatch(context)
    },
  }
}

/** Returns the fields that an event changes; none if it is older than the state. */
function changeOf(session: SessionState, { event, data }: SessionContext): Partial<SessionState> {
  switch (event) {
    case 'progress':
      return { progress: newer(session.progress, data) }
    case 'completed':
      return { completed: newer(session.completed, data) }
    case 'error': {
      const errors = withError(session.errors, data)
      return { errors, error: errors.at(-1) }
    }
    case 'model_result':
      return { modelResults: put(session.modelResults, data, ({ modelName }) => modelName) }
    case 'clarification': {
      const { clarifications } = session
      const known = clarifications.find(({ clarificationId: id }) => id === data.clarificationId)
      // The server sends no event for an answer, and may send the question again.
      if (known?.status === 'answered' && data.status !== 'answered') return {}
      return { clarifications: put(clarifications, data, ({ clarificationId: id }) => id) }
    }
  }
}

/** Returns the session with a change applied. */
function changed(session: SessionState, change: Partial<SessionState>): SessionState {
  const next = { ...session, ...change }
  const isCompleted = next.completed !== undefined || next.progress?.status === 'COMPLETED'
  return { ...next, isCompleted }
}

/** Freezes a session and its lists: the application gets them, and later events are folded into them. */
function frozen(session: SessionState): SessionState {
  for (const list of Object.values(session)) if (Array.isArray(list)) Object.freeze(list)
  return Object.freeze(session)
}

/** Returns the newer of two events; of two with the same time, the one that arrived last. */
function newer<Event extends SessionEvent>(before: Event | undefined, after: Event): Event {
  return before === undefined || timeOf(after) >= timeOf(before) ? after : before
}

/**
 * Returns the time of an event in milliseconds; one without a readable timestamp is older than all
 * others.
 */
function timeOf({ timestamp }: SessionEvent): number {
  const time = Date.parse(timestamp)
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}

/** Returns the errors with another one, the oldest first; a repeated one is added once. */
function withError(
  errors: readonly SessionFailure[],
  error: SessionFailure,
): readonly SessionFailure[] {
  const isKnown = errors.some(
    (other) => other.timestamp === error.timestamp && other.error === error.error,
  )
  if (isKnown) return errors
  return [...errors, error].sort((a, b) => timeOf(a) - timeOf(b)).slice(-MOST_ERRORS)
}

/** Returns the list with an item that replaces its older version, or is appended. */
function put<Event extends SessionEvent>(
  items: readonly Event[],
  item: Event,
  nameOf: (item: Event) => unknown,
): readonly Event[] {
  const name = nameOf(item)
  if (typeof name !== 'string') return items
  const before = items.find((other) => nameOf(other) === name)
  if (before === undefined) return [...items, item]
  const after = newer(before, item)
  return after === before ? items : items.map((other) => (other === before ? after : other))
}
