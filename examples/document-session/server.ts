import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SessionEvents } from 'wirefold/dialects/socketio'
import { createRealtimeServer, socketioMount } from 'wirefold/server'

/** The session that the server works on. */
export const SESSION = '8f14e45f-ceea-467f-a2d1-1c3e5b0b7a10'

const PATH = `/api/wizard/session/${SESSION}`
const MODELS = ['llama3.1:8b', 'mistral:7b']

/** Serves one document session on Socket.IO's protocol and over REST. */
export async function serveSession(port = 0) {
  /** The newest event of each kind and model: the session's state for REST. */
  const events = new Map<string, object>()
  const http = createServer((request, response) => {
    response.statusCode = request.url === PATH || request.method === 'POST' ? 200 : 404
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.method === 'POST' ? {} : [...events.values()]))
  })
  const server = createRealtimeServer({
    origins: '*',
    authorize: (_, channel, action) => action === 'request' || channel === `session:${SESSION}`,
  })
  server.handle('note', (text) => ({ noted: text }))
  server.mount('/socket.io/', socketioMount())
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`

  /** Stores an event for REST and publishes it. */
  async function emit<Event extends keyof SessionEvents>(
    event: Event,
    fields: Omit<SessionEvents[Event], 'sessionId' | 'timestamp'>,
    part = '',
  ): Promise<void> {
    const data = { ...fields, sessionId: SESSION, timestamp: new Date().toISOString() }
    events.set(event + part, { kind: 'session', event, data })
    await server.publish(`session:${SESSION}`, event === 'error' ? 'session:error' : event, data)
  }

  return {
    url,
    state: url + PATH,
    answers: `${url}/api/wizard/clarifications/respond`,
    emit,
    /** Runs both models, with a pause after each step. */
    async run(pause: () => Promise<unknown>): Promise<void> {
      for (const [done, modelName] of MODELS.entries()) {
        await emit(
          'model_result',
          { modelName, duration: 0, result: '', status: 'processing' },
          modelName,
        )
        await pause()
        await emit(
          'model_result',
          { modelName, duration: 900, result: 'A title.', status: 'completed' },
          modelName,
        )
        await progress(done + 1)
        await pause()
      }
      await emit('completed', { result: { title: 'A title.' } })
    },
    async close(): Promise<void> {
      await server.close()
      http.close()
    },
  }

  async function progress(completed: number): Promise<void> {
    const total = MODELS.length
    await emit('progress', {
      status: completed === total ? 'COMPLETED' : 'PROCESSING',
      progress: Math.round((completed / total) * 100),
      prompts: { total, completed, processing: 0, pending: total - completed, failed: 0 },
      hasClarifications: false,
      clarificationCount: 0,
    })
  }
}
