import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer, socketioMount } from 'wirefold/server'
import { blockWith } from '../../documents/blocks.ts'
import { bridged } from '../../support/bridged.ts'
import { connect, until } from '../../support/live.ts'
import { installed } from '../installed.ts'
import { hasPython, PYTHON } from '../python.ts'

const options: RealtimeServerOptions = {
  authenticate: ({ token }) => (token === 'wrong' ? undefined : { id: String(token) }),
  authorize: (_user, channel) => channel !== 'room:secret',
}

/** Runs a program in Python until the end of the test; returns the lines it prints. */
function python<Line>(args: readonly string[], read: (line: string) => Line): readonly Line[] {
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const printed: Line[] = []
  createInterface(child.stdout).on('line', (line) => printed.push(read(line)))
  return printed
}

/** Runs the client in Python; returns what it reports. */
const reporting = (...args: readonly string[]): readonly unknown[] =>
  python(['test/peers/socketio/client.py', ...args], (line) => JSON.parse(line))

const isPresent = hasPython(
  'socketio, requests, websocket',
  'python3-socketio python3-requests python3-websocket',
)

describe.skipIf(!isPresent)('a stock client of python-socketio', () => {
  it.each(['websocket', 'polling'])(
    'over %s receives one publish together with a native client, and a stock client in JavaScript',
    async (transport) => {
      const { server, origin, url, stock } = await bridged(options)
      server.handle('double', (n: number) => 2 * n)
      const channels = new ChannelSubscriber(connect(url).client)
      const native: unknown[] = []
      await channels.subscribe('room:1', (payload) => native.push(payload)).ready
      const script = stock({ transports: ['websocket'] })
      const scripted: unknown[] = []
      script.on('said', (payload) => scripted.push(payload))
      await script.emitWithAck('subscribe', 'room:1')
      const reports = reporting(origin, transport, 'channels')
      await until(() => expect(reports).toHaveLength(3))
      const ok = { ok: true }
      expect(reports).toHaveLength(3)
      expect(reports).toContainEqual({ refused: 'not-authenticated' })
      expect(reports).toContainEqual({ said: 'by Python', channel: 'room:1' })
      expect(reports).toContainEqual({
        ...{ subscribe: ok, double: 42, publish: ok },
        forbidden: { code: 'forbidden', error: expect.any(String) },
      })
      await server.publish('room:1', 'said', { text: 'hi' })
      const both = ['by Python', { text: 'hi' }]
      await until(() => expect(native).toEqual(both))
      await until(() => expect(scripted).toEqual(both))
      await until(() => expect(reports.at(-1)).toEqual({ said: { text: 'hi' }, channel: 'room:1' }))
      expect(reports).toHaveLength(4)
    },
  )

  it.each(['websocket', 'polling'])(
    'over %s follows a session until that is completed',
    async (transport) => {
      const { server, origin } = await bridged(options, { speaks: 'sessions' })
      await follow(server, reporting(origin, transport, 'sessions'))
    },
  )

  it('is that of the page about Socket.IO', async () => {
    const { server, origin } = await bridged(options)
    const { code } = blockWith('docs/socketio.md', 'import socketio')
    const program = `token = "secret"\n${code.replace('http://localhost:3000', origin)}client.wait()`
    const printed = python(['-u', '-c', program], String)
    await until(() => expect(printed).toEqual(["{'ok': True}"]))
    await server.publish('room:1', 'said', 'hi')
    await until(() => expect(printed).toEqual(["{'ok': True}", 'room:1 hi']))
  })

  it('follows a session of the mount without socket.io', async () => {
    const server = createRealtimeServer(options)
    server.mount('/socket.io/', socketioMount())
    const { port } = await server.listen()
    onTestFinished(() => server.close())
    await follow(server, reporting(`http://127.0.0.1:${port}`, 'websocket', 'sessions'))
  })
})

it('a stock client of Socket.IO 4.6 is served by that version', async () => {
  const { modules, remove } = installed(['socket.io@4.6.2', 'socket.io-client@4.6.2'])
  onTestFinished(remove)
  const load = createRequire(join(modules, 'index.js'))
  const old = { Server: load('socket.io').Server, connect: load('socket.io-client').io }
  await expect(bridged({}, { io: { connectionStateRecovery: {} }, ...old })).rejects.toMatchObject({
    code: 'bad-option',
  })
  for (const transports of [['websocket'], ['polling']] as const) {
    const { server, stock } = await bridged(options, old)
    server.handle('double', (n: number) => 2 * n)
    const socket = stock({ transports: [...transports], auth: { token: 'ada' } })
    expect(await socket.emitWithAck('subscribe', 'room:1')).toEqual({ ok: true })
    expect(await socket.emitWithAck('subscribe', 'room:secret')).toMatchObject({
      code: 'forbidden',
    })
    expect(await socket.emitWithAck('double', 21)).toBe(42)
    const said = new Promise((resolve) => socket.once('said', resolve))
    await server.publish('room:1', 'said', 'hi')
    expect(await said).toBe('hi')
    const refused = stock({ transports: [...transports], auth: { token: 'wrong' } })
    const error = new Promise((resolve) => refused.once('connect_error', resolve))
    expect(await error).toMatchObject({ data: { code: 'not-authenticated' } })
    const lost = new Promise((resolve) => socket.once('disconnect', resolve))
    server.disconnectUser('ada', { code: 4403 })
    expect(await lost).toBe('io server disconnect')
  }
})

/** Publishes the events of a session to a client in Python. */
async function follow(
  server: Pick<ReturnType<typeof createRealtimeServer>, 'publish' | 'connections'>,
  reports: readonly unknown[],
): Promise<void> {
  await until(() => expect(reports.at(-1)).toEqual({ subscribed: 'one' }))
  await server.publish('session:one', 'progress', { progress: 40 })
  await server.publish('session:two', 'progress', { progress: 50 })
  // The client handles events in threads: two at once may end in either order.
  await until(() => expect(reports.at(-1)).toEqual({ progress: 40, session: 'one' }))
  await server.publish('session:one', 'completed', { result: { id: 'r' } })
  await until(() => expect(reports.at(-1)).toEqual({ ended: true }))
  expect(reports).toEqual([
    { refused: 'not-authenticated' },
    { subscribed: 'one' },
    { progress: 40, session: 'one' },
    { completed: { id: 'r' }, session: 'one' },
    { ended: true },
  ])
  await until(() => expect(server.connections()).toEqual([]))
}
