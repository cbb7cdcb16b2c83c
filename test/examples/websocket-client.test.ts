import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRealtimeServer, socketioMount } from 'wirefold/server'
import { WebSocket } from 'ws'
import { SESSION, serveSession } from '../../examples/document-session/server.ts'
import { openSession } from '../../examples/websocket-client.ts'
import { until } from '../support/live.ts'

const clarification = {
  clarificationId: 'c1',
  question: 'Which title?',
  status: 'pending',
} as const
const title = { modelName: 'mistral:7b', duration: 1, result: 'A title.' }

/** Attempts after which the dialect alone gives up. */
const DIALECTS_ATTEMPTS = 5

/** Opens a session on a server, until the end of the test. */
async function followed() {
  let server = await serveSession()
  const port = Number(new URL(server.url).port)
  let shown: readonly string[] = []
  const errors: unknown[] = []
  let attempts = 0
  class Counted extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      attempts += 1
      super(url, protocols)
    }
  }
  const session = openSession({
    ...{ url: server.url, sessionId: SESSION, answers: server.answers },
    client: { WebSocket: Counted, backoff: { minMs: 5, initialMs: 20, maxMs: 50 } },
    load: async (signal) => (await fetch(server.state, { signal })).json(),
    show: (lines) => (shown = lines),
    report: (error) => errors.push(error),
  })
  onTestFinished(async () => {
    session.close()
    await server.close()
  })
  await until(() => expect(shown[0]).toMatch(/^open/))
  return {
    port,
    session,
    errors,
    shown: () => shown,
    attempts: () => attempts,
    server: () => server,
    stop: () => server.close(),
    async start() {
      server = await serveSession(port)
    },
  }
}

describe('the client of document sessions', () => {
  it('shows the progress, the models and the errors of a session as they arrive', async () => {
    const { server, shown } = await followed()
    await server().run(async () => {})
    await server().emit('error', { error: 'A prompt failed.' })
    await until(() =>
      expect(shown()).toEqual([
        ...['open: COMPLETED, 100 %', 'llama3.1:8b: completed', 'mistral:7b: completed'],
        'error: A prompt failed.',
      ]),
    )
  })

  it('reconnects after a restart of the server, and follows the session again', async () => {
    const { server, shown, stop, start } = await followed()
    await stop()
    await until(() => expect(shown()[0]).toMatch(/^waiting|^connecting/))
    await start()
    await until(() => expect(shown()[0]).toMatch(/^open/))
    await until(async () => {
      await server().emit('model_result', { ...title, status: 'completed' })
      expect(shown()).toContain('mistral:7b: completed')
    })
  })

  it('never gives up: follows the session again after an outage of any length', async () => {
    const { server, session, shown, attempts, stop, start } = await followed()
    const before = attempts()
    await stop()
    await until(() => expect(shown()[0]).not.toMatch(/^open/))
    const noted = session.emit('note', 'hello')
    await until(() => expect(attempts() - before).toBeGreaterThan(DIALECTS_ATTEMPTS + 2))
    await start()
    expect(await noted).toEqual({ noted: 'hello' })
    await server().emit('model_result', { ...title, status: 'completed' })
    await until(() => expect(shown()).toContain('mistral:7b: completed'))
  })

  it('sends what was emitted without a connection once there is one', async () => {
    const { session, shown, stop, start } = await followed()
    await stop()
    await until(() => expect(shown()[0]).not.toMatch(/^open/))
    const noted = session.emit('note', 'hello')
    await start()
    expect(await noted).toEqual({ noted: 'hello' })
  })

  it('does not send again what was not acknowledged, and says that it may have been carried out', async () => {
    const { port, session, shown, stop } = await followed()
    await stop()
    await until(() => expect(shown()[0]).not.toMatch(/^open/))
    const http = createServer()
    const sockets = new Set<Duplex>()
    http.on('connection', (socket) => sockets.add(socket))
    const server = createRealtimeServer({ origins: '*', authorize: () => true })
    let carriedOut = 0
    server.handle('note', () => {
      carriedOut += 1
      for (const socket of sockets) socket.destroy()
    })
    server.mount('/socket.io/', socketioMount())
    server.attach(http)
    onTestFinished(async () => {
      await server.close()
      http.close()
    })
    http.listen(port, '127.0.0.1')
    await until(() => expect(shown()[0]).toMatch(/^open/))
    await expect(session.emit('note', 'hello')).rejects.toThrow('may have been carried out')
    await until(() => expect(shown()[0]).toMatch(/^open/))
    expect(carriedOut).toBe(1)
  })

  it('fetches what happened while it was disconnected', async () => {
    const { server, shown, stop, start } = await followed()
    await stop()
    await start()
    await server().emit('model_result', { ...title, status: 'failed' })
    await until(() => expect(shown()).toEqual([expect.any(String), 'mistral:7b: failed']))
  })

  it('shows an answered clarification as answered', async () => {
    const { session, server, shown } = await followed()
    await server().emit('clarification', clarification)
    await until(() => expect(shown()).toContain('Which title? (pending)'))
    await session.answer('c1', 'The first one.')
    expect(shown()).toContain('Which title? (answered)')
  })

  it('polls the session while its server answers REST only, and reports no error', async () => {
    const { port, shown, errors, stop } = await followed()
    await stop()
    const timestamp = new Date().toISOString()
    const data = { ...title, status: 'completed', sessionId: SESSION, timestamp }
    const rest = createServer((_, response) => {
      response.end(JSON.stringify([{ kind: 'session', event: 'model_result', data }]))
    })
    rest.listen(port, '127.0.0.1')
    await once(rest, 'listening')
    onTestFinished(() => void rest.close())
    await until(() => expect(shown()).toContain('mistral:7b: completed'))
    expect(shown()[0]).not.toMatch(/^open/)
    expect(errors).toEqual([])
  })
})
