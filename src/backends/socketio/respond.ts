import { refusalError } from '../../base/errors.ts'
import type { StoreKind } from '../../base/store.ts'
import type { SessionContexts } from './session-contexts.ts'

/** What is used of `fetch`. */
export type Post = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Record<string, string>
    readonly body: string
  },
) => Promise<{ readonly ok: boolean; readonly status: number }>

/** Where the answers to clarifications go. */
export interface ResponderOptions {
  /** The address that takes them, for example `/api/wizard/clarifications/respond`. */
  readonly url: string
  /**
   * Makes the request, with the credentials that it needs.
   * @default globalThis.fetch
   */
  readonly fetch?: Post | undefined
}

/**
 * Makes the function that answers a session's clarifications over REST and marks them as answered:
 * the server tells of no answer by the socket.
 *
 * It rejects as `fetch` does, and with `http-<status>` where the server does not take the answer; the
 * clarification is then pending as before.
 *
 * @example
 * const respond = responder(sessions, sessionId, { url: '/api/wizard/clarifications/respond' })
 * await respond(clarification.clarificationId, 'The one from the table.')
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
