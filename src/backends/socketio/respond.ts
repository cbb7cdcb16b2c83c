import { refusalError } from '../../base/errors.ts'
import type { StoreKind } from '../../base/store.ts'
import type { SessionContexts } from './session-contexts.ts'

/** Options of {@link responder}. */
export interface ResponderOptions {
  /** URL that answers are posted to, for example `/api/wizard/clarifications/respond`. */
  readonly url: string
  /**
   * Function that makes the request, with the credentials that it needs.
   * @default globalThis.fetch
   */
  readonly fetch?: Post | undefined
}

/** The part of `fetch` that {@link responder} uses. */
export type Post = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Record<string, string>
    readonly body: string
  },
) => Promise<{ readonly ok: boolean; readonly status: number }>

/**
 * Makes a function that answers a session's clarifications over REST and marks them as answered,
 * since the server sends no event for an answer.
 *
 * It rejects as `fetch` does, and with `http-<status>` if the server refuses the answer; the
 * clarification then stays pending.
 *
 * @example
 * import { ContextRegistry } from 'wirefold'
 * import { responder, sessionContexts } from 'wirefold/dialects/socketio'
 *
 * const sessions = sessionContexts(new ContextRegistry())
 * const respond = responder(sessions, id, { url: '/api/wizard/clarifications/respond' })
 * await respond(clarificationId, 'The one from the table.')
 */
export function responder<K extends StoreKind>(
  sessions: SessionContexts<K>,
  sessionId: string,
  options: ResponderOptions,
): (clarificationId: string, response: string) => Promise<void> {
  const { url, fetch = globalThis.fetch } = options
  return async (clarificationId, response) => {
    const { ok, status } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sessionId, clarificationId, response }),
    })
    if (!ok) {
      const refusal = { code: `http-${status}`, message: '', retryable: status >= 500 }
      throw refusalError(`the answer to ${clarificationId}`, refusal)
    }
    const known = sessions
      .slot('session')
      .get(sessionId)
      ?.clarifications.find((other) => other.clarificationId === clarificationId)
    if (known === undefined) return
    sessions.dispatch({
      kind: 'session',
      event: 'clarification',
      data: { ...known, status: 'answered' },
    })
  }
}
