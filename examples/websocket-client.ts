import type { ClientOptions, ConnectionState } from 'wirefold'
import {
  ChannelSubscriber,
  ContextRegistry,
  pollWhileDown,
  RealtimeClient,
  sync,
  webSocketTransport,
} from 'wirefold'
import type { SessionContext, SessionState } from 'wirefold/dialects/socketio'
import {
  engineIo,
  responder,
  sessionChannel,
  sessionContexts,
  sessionSink,
  withAcks,
} from 'wirefold/dialects/socketio'

/*
 * A client of document sessions over Socket.IO, with everything that an application needs. The
 * folder document-session has a server for it, and runs it.
 */

/** Time limit for an event to be sent and acknowledged, in milliseconds. */
const EMIT_MS = 60_000

/** Options of {@link openSession}. */
export interface SessionOptions {
  /** URL of the Socket.IO server. */
  readonly url: string
  readonly sessionId: string
  /** Fetches the session over REST, as a list of its events. */
  readonly load: (signal: AbortSignal) => Promise<readonly SessionContext[]>
  /** URL that answers to clarifications are posted to. */
  readonly answers: string
  /** Shows the lines; called once for every change. */
  readonly show: (lines: readonly string[]) => void
  /** Reports what went wrong; the session goes on. */
  readonly report: (error: unknown) => void
  /** Options of the client that differ from the defaults, such as `auth`. */
  readonly client?: Omit<ClientOptions, 'transport' | 'dialect'>
}

/** A session that is open. */
export interface OpenSession {
  /**
   * Emits an event, waits for a connection if there is none, and resolves with the server's
   * acknowledgement. Rejects where none came: the error says whether the event may have been carried out.
   */
  readonly emit: (type: string, data: unknown) => Promise<unknown>
  readonly answer: (clarificationId: string, response: string) => Promise<void>
  readonly close: () => void
}

/** Opens a session: follows it, shows it, and keeps doing so until `close`. */
export function openSession(options: SessionOptions): OpenSession {
  const { url, sessionId, answers, show, report } = options
  const load = async (signal: AbortSignal) => ({ state: await options.load(signal) })

  // Reconnection: after 1, 2, 4 and then every 5 s, for as long as the session is open. The dialect
  // alone would give up after 5 attempts, as these servers recommend for a tab that is left behind.
  const backoff = { maxRetries: Number.POSITIVE_INFINITY, ...options.client?.backoff }
  const { dialect, transport } = engineIo(webSocketTransport(options.client?.WebSocket))
  const client = new RealtimeClient(url, {
    transport,
    // Acknowledgements of Socket.IO answer requests.
    dialect: withAcks(dialect),
    ...options.client,
    backoff,
  })

  // State synchronisation: fetched at first and after every reconnect. Events that arrive meanwhile
  // are buffered and applied afterwards; an older event never replaces a newer one.
  const contexts = sessionContexts(new ContextRegistry())
  const into = sessionSink(contexts)
  const channels = new ChannelSubscriber(client)
  const state = sync(channels, sessionChannel(sessionId), { load, into, onError: report })

  // Error recovery: without a connection the same state is polled. Errors of the session are part
  // of its state, those of the connection are reported.
  const polling = pollWhileDown(client, { poll: load, into, onError: report })
  const errors = client.on('error', report)

  // User interface: shown again whenever the session or the connection changes.
  const session = contexts.entity('session', sessionId)
  const update = () => show(linesOf(client.state.get(), session.get()))
  const ends = [session.listen(update), client.state.listen(update), state.start()]
  update()

  return {
    // Buffering: what is emitted without a connection is sent once there is one. `emit` rejects where
    // that takes longer than EMIT_MS. These servers do not recognise an event that comes again, so
    // it also rejects where the connection was lost before the acknowledgement: nothing is sent twice.
    emit: (type, data) => client.request(type, data, { timeoutMs: EMIT_MS }),
    answer: responder(contexts, sessionId, { url: answers }),
    close() {
      for (const end of [...ends, polling, errors]) end()
      client.close()
    },
  }
}

/** Returns what a user reads about a session and its connection. */
function linesOf(connection: ConnectionState, session: SessionState | undefined): string[] {
  const { progress, modelResults = [], clarifications = [], error } = session ?? {}
  return [
    `${connection.name}: ${progress ? `${progress.status}, ${progress.progress} %` : 'no progress yet'}`,
    ...modelResults.map(({ modelName, status }) => `${modelName}: ${status}`),
    ...clarifications.map(({ question, status }) => `${question} (${status})`),
    ...(error ? [`error: ${error.error}`] : []),
  ]
}
