import { randomUUID } from 'node:crypto'
import type { HttpServer } from 'wirefold/server'
import { createRealtimeServer, refuse } from 'wirefold/server'
import { SessionCookie } from './session-cookie.ts'

/**
 * Creates the part that all frameworks share: a chat for users with a cookie. Servers with the same
 * `SECRET` accept the same cookies.
 */
export function createChat({ PORT = '3000', ORIGIN, SECRET } = process.env) {
  const cookie = new SessionCookie(SECRET ?? randomUUID())
  const server = createRealtimeServer({
    // Pages of other sites must not connect with the cookies of their visitors.
    origins: [ORIGIN ?? `http://127.0.0.1:${PORT}`],
    authenticate: ({ headers }) => cookie.userOf(headers.cookie),
  })
  server.handle('say', async (text, { user, publish }) => {
    if (typeof text !== 'string') throw refuse('bad-text', 'The payload has to be a text.')
    await publish('room:1', 'said', { text, by: user?.name })
  })
  return {
    port: Number(PORT),
    login: (body: unknown) => cookie.login(body),

    /** Serves the chat at `/ws` until SIGTERM; clients then move to another server. */
    serve(http: HttpServer & { close(): unknown }): void {
      server.attach(http)
      process.once('SIGTERM', async () => {
        await server.drain({ deadlineMs: 10_000, windowMs: 1_000 })
        http.close()
      })
    },
  }
}
