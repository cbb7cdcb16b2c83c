import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTo } from 'node:net'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, type ClientOptions, webSocketTransport } from 'wirefold'
import { acknowledge, engineIoTransport, socketio } from 'wirefold/dialects/socketio'
import { socketioClient } from 'wirefold/socketio-client'
import { WebSocket } from 'ws'
import { freePort } from '../../support/free-port.ts'
import { connect, until } from '../../support/live.ts'
import { hasPython, PYTHON } from '../python.ts'

const isPresent = hasPython(
  'socketio, uvicorn, websockets',
  'python3-socketio uvicorn python3-websockets',
)

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
  ...(isPresent ? [['python-socketio', PYTHON, 'test/peers/socketio/rooms.py']] : []),
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
