import type { Socket } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { bridged } from '../../support/bridged.ts'

/** Resolves with the arguments of the next event. */
const next = (socket: Socket, name: string): Promise<readonly unknown[]> =>
  new Promise((resolve) => socket.once(name, (...args: unknown[]) => resolve(args)))

describe('an event of a stock client', () => {
  it('does not reach the server if a `socket.use` refuses it, also one added later', async () => {
    const { server, io, stock } = await bridged()
    const ran: unknown[] = []
    server.handle('note', (value: unknown) => ran.push(value))
    io.on('connection', (socket) => {
      socket.use(([, value], proceed) => proceed(value === 'bad' ? new Error('no') : undefined))
    })
    const socket = stock()
    socket.emit('note', 'bad')
    expect(await socket.emitWithAck('note', 'good')).toBe(1)
    expect(ran).toEqual(['good'])
  })

  it('that publishes without an acknowledgement is refused by the event `error`', async () => {
    const { stock } = await bridged({ authorize: (_user, channel) => channel !== 'secret' })
    const socket = stock()
    const error = next(socket, 'error')
    socket.emit('publish', 'secret', 'said', 1)
    expect(await error).toEqual([
      { code: 'forbidden', error: expect.any(String), channel: 'secret', event: 'publish' },
    ])
  })

  it('named `error` has its acknowledgement', async () => {
    const { stock } = await bridged()
    expect(await stock().emitWithAck('error', 1)).toMatchObject({ code: expect.any(String) })
  })
})

it('an event whose name Socket.IO reserves arrives under another name', async () => {
  const { server, stock } = await bridged()
  const socket = stock()
  await socket.emitWithAck('subscribe', 'room:1')
  const joined = next(socket, 'channel:connect')
  await server.publish('room:1', 'connect', { user: 'ada' })
  expect(await joined).toEqual([{ user: 'ada' }, expect.objectContaining({ channel: 'room:1' })])
})
