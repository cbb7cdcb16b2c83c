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

/** An event of a session as a context, told apart by `event`. */
export type SessionContext = {
  readonly [Name in keyof SessionEvents]: {
    readonly kind: 'session'
    readonly event: Name
    readonly data: SessionEvents[Name]
  }
}[keyof SessionEvents]

/** All that is known of a session: of everything the newest by its timestamp, however it arrived. */
export interface SessionState {
  readonly progress: SessionProgress | undefined
  /** One of each model, in the order in which they were first heard of. */
  readonly modelResults: readonly ModelResult[]
  /** Each once, in the order in which they were first heard of; one that was answered stays so. */
  readonly clarifications: readonly Clarification[]
  readonly completed: SessionCompleted | undefined
  /** Whether it is completed, or its progress says so. */
  readonly isCompleted: boolean
  /** What went wrong last, if anything did. */
  readonly error: SessionFailure | undefined
}

/** A registry of sessions: the entity `session` of a session id is its {@link SessionState}. */
export type SessionContexts<K extends StoreKind> = ContextRegistry<
  SessionContext,
  'kind',
  K,
  Plus<NoSlots, 'session', KeyedType<'session', SessionState>>
>

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
}

/**
 * Has a registry keep sessions, one entity each.
 *
 * @param registry a new one, with the options and stores that the application wants
 * @example
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
    apply: (session, context) => changed(session, changeOf(session, context)),
  })
}

/**
 * Folds the events of sessions, for `feed`, and states that were fetched, for `sync` and `poll`.
 *
 * A fetched state is a list of contexts with the moment they tell of as their timestamp: what is
 * newer already stays.
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

/** What an event changes; nothing where it is an older one. */
function changeOf(session: SessionState, { event, data }: SessionContext): Partial<SessionState> {
  switch (event) {
    case 'progress':
      return { progress: newer(session.progress, data) }
    case 'completed':
      return { completed: newer(session.completed, data) }
    case 'error':
      return { error: newer(session.error, data) }
    case 'model_result':
      return { modelResults: put(session.modelResults, data, ({ modelName }) => modelName) }
    case 'clarification': {
      const { clarifications } = session
      const known = clarifications.find(({ clarificationId: id }) => id === data.clarificationId)
      // Of an answer the server tells nothing, and may tell the question again.
      if (known?.status === 'answered' && data.status !== 'answered') return {}
      return { clarifications: put(clarifications, data, ({ clarificationId: id }) => id) }
    }
  }
}

/** The session with a change, or as it was. */
function changed(session: SessionState, change: Partial<SessionState>): SessionState {
  const next = { ...session, ...change }
  const isCompleted = next.completed !== undefined || next.progress?.status === 'COMPLETED'
  return { ...next, isCompleted }
}

/** The newer of two; of two of the same moment the one that came last. */
function newer<Event extends SessionEvent>(before: Event | undefined, after: Event): Event {
  if (before === undefined) return after
  return Date.parse(after.timestamp) < Date.parse(before.timestamp) ? before : after
}

/** A list with an item in the place of its predecessor, or behind the others. */
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
