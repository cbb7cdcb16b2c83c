import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTo, createServer } from 'node:net'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, type ClientOptions, webSocketTransport } from 'wirefold'
import { acknowledge, engineIoTransport, socketio } from 'wirefold/dialects/socketio'
import { socketioClient } from 'wirefold/socketio-client'
import { WebSocket } from 'ws'
import { connect, until } from '../../support/live.ts'

/** Debian's own: another one in `PATH` has none of Debian's packages. */
const PYTHON = process.env.WIREFOLD_PYTHON ?? '/usr/bin/python3'

const { status } = spawnSync(PYTHON, ['-c', 'import socketio, uvicorn, websockets'])
if (status !== 0) {
  const message =
    `\n*** No python-socketio with uvicorn for ${PYTHON}: its server is SKIPPED. Install it (Debian: apt-get\n` +
    '*** install python3-socketio uvicorn python3-websockets), or name an interpreter in WIREFOLD_PYTHON.\n'
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
}

/** Returns a port that is free now, for a server that is started twice. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** Starts a server, until the end of the test; returns a function that kills it. */
async function started(command: string, file: string, port: number): Promise<() => Promise<void>> {
  const child = spawn(command, [file, `${port}`], { stdio: ['ignore', 'inherit', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  await until(async () => {
    const socket = connectTo(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  })
  return kill
}

const servers = [
  ['the package socket.io', process.execPath, 'test/peers/socketio/rooms.mjs'],
  ...(status === 0 ? [['python-socketio', PYTHON, 'test/peers/socketio/rooms.py']] : []),
]
const resting = { autoConnect: false, reconnection: false, forceNew: true }
const transports: readonly (readonly [string, (url: string, token: string) => ClientOptions])[] = [
  [
    'a plain WebSocket',
    (_, token) => ({
      transport: engineIoTransport(webSocketTransport(WebSocket)),
      auth: () => token,
    }),
  ],
  [
    'an instance of socket.io-client',
    (url, token) => ({ transport: socketioClient(io(url, { ...resting, auth: { token } })) }),
  ],
]
const cases = servers.flatMap(([name, command = '', file = '']) =>
  transports.map(([over, options]) => ({ name, command, file, over, options })),
)

describe.each(cases)('a server of $name over $over', ({ command, file, options }) => {
  it('serves rooms, requests, bytes and a namespace, and is killed and started again', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const kill = await started(command, file, port)
    const dialect = socketio({
      ...{ join: 'join', leave: 'leave', room: 0 },
      args: (type, payload, channel) => [
        ...(type === 'say' ? [channel] : []),
        ...(Array.isArray(payload) ? payload : [payload]),
      ],
    })
    const refused = connect(url, { dialect, ...options(url, 'wrong') })
    refused.client.on('failed', () => {})
    await expect(refused.client.connect()).rejects.toMatchObject({
      ...{ code: 'failed', detail: { reason: 'not authorized' } },
    })

    const { client, errors } = connect(url, { dialect, ...options(url, 'right') })
    const channels = new ChannelSubscriber(client, { lingerMs: 0 })
    const received: unknown[] = []
    const follow = (channel: string) =>
      channels.subscribe(channel, (payload, event) => {
        received.push([channel, event.type, payload])
        if (event.type === 'question') return acknowledge(client, event, Number(payload) * 2)
      })
    const room = follow('room:1')
    const staff = follow('/staff')
    const own = follow('socket')
    await Promise.all([room.ready, staff.ready, own.ready])
    await expect(follow('secret:9').ready).rejects.toMatchObject({ code: 'forbidden' })
    const say = (text: string) => client.request('say', text, { channel: 'room:1' })
    expect(await say('hello')).toEqual({ ok: true })
    expect(await client.request('double', 21, { channel: '/staff' })).toBe(42)
    const reply = await client.request('file', ['a.bin', Uint8Array.of(1, 2, 3)])
    expect(reply).toEqual({ name: 'a.bin', bytes: 3, back: Uint8Array.of(3, 2, 1) })
    await client.publish('socket', 'ask', 4)
    await until(() => expect(received).toContainEqual(['socket', 'answered', 8]))
    expect(received).toEqual([
      ['room:1', 'said', { text: 'hello' }],
      ['/staff', 'doubled', 21],
      ['socket', 'question', 4],
      ['socket', 'answered', 8],
    ])

    await kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    await started(command, file, port)
    // A server that has died does not know what it has not sent.
    await until(() => {
      const names = [room, staff, own].map((one) => one.status.get().name)
      expect(names).toEqual(['gap', 'gap', 'gap'])
    })
    received.length = 0
    expect(await say('again')).toEqual({ ok: true })
    expect(await client.request('double', 4, { channel: '/staff' })).toBe(8)
    await until(() => expect(received).toHaveLength(2))
    expect(received).toEqual([
      ['room:1', 'said', { text: 'again' }],
      ['/staff', 'doubled', 4],
    ])
    room()
    await say('unheard')
    expect(await client.request('double', 1, { channel: '/staff' })).toBe(2)
    expect(received.slice(2)).toEqual([['/staff', 'doubled', 1]])
    expect(errors).toEqual([])
  })
})
