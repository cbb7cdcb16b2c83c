import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from '../support/live.ts'
import { blocks } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/migrating.md'

/** Returns the two blocks of a part of the page: what was, and what replaces it. */
function pair(part: string) {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  const from = lines.findIndex((line) => line.startsWith(`## From ${part}`))
  const inPart = blocks.filter(({ document, line }) => document === PAGE && line > from)
  const [before, after] = inPart
  if (from < 0 || !before || !after) throw new Error(`${PAGE} has no pair of blocks for ${part}.`)
  return { before, after }
}

/** Starts a server of rooms whose messages the page shows, until the end of the test. */
async function serveRooms(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const { op, room } = JSON.parse(String(data))
      if (op === 'join') socket.send(JSON.stringify({ room, event: 'said', data: 'hello' }))
    }),
  )
  await once(server, 'listening')
  return `127.0.0.1:${Object(server.address()).port}`
}

describe('the programs before and after', () => {
  it('show the same, from a hand-written socket', async () => {
    const host = await serveRooms()
    const { before, after } = pair('a hand-written socket')
    const shown = { before: vi.fn(), after: vi.fn() }
    class Here extends WebSocket {
      constructor() {
        super(`ws://${host}`)
        // It would open the next one.
        onTestFinished(() => {
          this.onclose = null
        })
      }
    }
    await run(before, { given: { render: shown.before, WebSocket: Here } })
    await run(after, { host, given: { render: shown.after } })
    for (const show of Object.values(shown)) {
      await until(() => expect(show.mock.calls).toEqual([['hello']]))
    }
  })

  it('show the same, from reconnecting-websocket', async () => {
    const host = await serveRooms()
    const { before, after } = pair('`reconnecting-websocket`')
    const shown = { before: vi.fn(), after: vi.fn() }
    class Here extends ReconnectingWebSocket {
      constructor(_: string, protocols: string[], options: object) {
        super(`ws://${host}`, protocols, { ...options, WebSocket })
        onTestFinished(() => this.close())
      }
    }
    await run(before, {
      given: { render: shown.before },
      modules: { 'reconnecting-websocket': { __esModule: true, default: Here } },
    })
    await run(after, { host, given: { render: shown.after } })
    for (const show of Object.values(shown)) {
      await until(() => expect(show.mock.calls).toEqual([['hello']]))
    }
  })

  it('show the same, from socket.io-client', async () => {
    const http = createServer()
    const server = new Server(http)
    onTestFinished(async () => void (await server.close()))
    let joined = 0
    server.on('connection', (socket) => {
      socket.on('join', async (room, answer) => {
        await socket.join(room)
        joined += 1
        answer?.()
      })
      socket.on('say', (room, message, answer) => {
        socket.nsp.to(room).emit('said', room, message)
        answer({ from: socket.handshake.auth.token })
      })
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const host = `127.0.0.1:${(http.address() as AddressInfo).port}`
    const { before, after } = pair('`socket.io-client`')
    const shown = { before: vi.fn(), after: vi.fn() }
    const session = { token: () => 'secret' }
    const here = (_: string, options: object) => {
      const socket = io(`http://${host}`, options)
      onTestFinished(() => void socket.disconnect())
      return socket
    }
    type Program = { say: (text: string) => Promise<unknown> }
    const programs = [
      await run<Program>(before, {
        given: { session, render: shown.before },
        modules: { 'socket.io-client': { io: here } },
      }),
      await run<Program>(after, { host, given: { session, render: shown.after } }),
    ]
    await until(() => expect(joined).toBe(2))
    for (const { say } of programs) expect(await say('hi')).toEqual({ from: 'secret' })
    for (const show of Object.values(shown)) {
      // Each program shows what both say.
      await until(() => expect(show.mock.calls).toEqual([[{ text: 'hi' }], [{ text: 'hi' }]]))
    }
  })
})

it('the table of reconnecting-websocket has every option of the package', () => {
  const file = 'node_modules/reconnecting-websocket/dist/reconnecting-websocket.d.ts'
  const [, members = ''] = /type Options = \{([^}]+)\}/.exec(readFileSync(file, 'utf8')) ?? []
  const options = [...members.matchAll(/(\w+)\?:/g)].map(([, name]) => name)
  expect(options).toContain('maxRetries')
  const page = readFileSync(PAGE, 'utf8')
  expect(options.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
})
