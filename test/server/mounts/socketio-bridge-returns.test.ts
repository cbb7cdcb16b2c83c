import type { Socket } from 'socket.io-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer, socketioMount } from 'wirefold/server'
import { bridged } from '../../support/bridged.ts'
import { until } from '../../support/live.ts'
import { RawClient } from '../raw-client.ts'

/** Records the refusals of a client. */
function refusals(socket: Socket): Error[] {
  const errors: Error[] = []
  socket.on('connect_error', (error) => errors.push(error))
  return errors
}

const never = new Promise<never>(() => {})

describe('a stock client that the bridge refuses for now', () => {
  it.each([
    ['fails', () => Promise.reject(new Error('The database is away.'))],
    ['is too slow', () => never],
  ])('returns by itself after an authentication that %s', async (_how, outage) => {
    let attempts = 0
    const { server, stock } = await bridged({
      helloTimeoutMs: 100,
      authenticate: () => {
        attempts += 1
        return attempts > 1 ? { id: 'ada' } : outage()
      },
    })
    const socket = stock()
    const errors = refusals(socket)
    await until(() => expect(socket.connected).toBe(true))
    expect(errors).toEqual([])
    expect(server.connections()).toMatchObject([{ user: { id: 'ada' } }])
  })

  it.each([
    ['a user', { perUser: { connections: 1 } }],
    ['an address', { perAddress: { connections: 1 } }],
  ])('returns by itself once %s has fewer connections', async (_whose, limits) => {
    const { server, stock } = await bridged({
      authenticate: () => ({ id: 'ada' }),
      clientAddress: ({ remoteAddress }) => remoteAddress,
      limits,
    })
    const first = stock()
    await until(() => expect(first.connected).toBe(true))
    const second = stock()
    const errors = refusals(second)
    await until(() => expect(server.stats().refusals['rate-limited']).toBeGreaterThan(1))
    expect(second.active).toBe(true)
    first.disconnect()
    await until(() => expect(second.connected).toBe(true))
    expect(errors).toEqual([])
  })

  it('keeps trying to connect to a server that drains', async () => {
    const { server, stock } = await bridged()
    const first = stock({ reconnection: false })
    await until(() => expect(first.connected).toBe(true))
    const drained = server.drain({ deadlineMs: 100 })
    const second = stock()
    const errors = refusals(second)
    await drained
    const before = server.stats().refusals.unavailable ?? 0
    await until(() => expect(server.stats().refusals.unavailable).toBeGreaterThan(before + 1))
    expect(second.active).toBe(true)
    expect(errors).toEqual([])
  })

  it('is refused for good by `authenticate` and by the origin', async () => {
    const { stock } = await bridged({
      authenticate: ({ token }) => (token === 'right' ? { id: 'ada' } : undefined),
      origins: [],
    })
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const wrong = stock({ auth: { token: 'wrong' } })
    const foreign = stock({
      auth: { token: 'right' },
      extraHeaders: { origin: 'https://evil.example' },
    })
    const errors = [refusals(wrong), refusals(foreign)]
    await until(() => expect(errors.map(({ length }) => length)).toEqual([1, 1]))
    expect([wrong.active, foreign.active]).toEqual([false, false])
  })
})

it('a stock client of socketioMount is not sent a `connect_error` for a limit', async () => {
  const server = createRealtimeServer({
    authenticate: () => ({ id: 'ada' }),
    limits: { perUser: { connections: 1 } },
  })
  server.mount('/socket.io/', socketioMount())
  const { port } = await server.listen()
  onTestFinished(() => server.close())
  const open = async () => {
    const client = await RawClient.open(
      `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
    )
    await client.text()
    client.send('40')
    return client
  }
  expect(await (await open()).text()).toMatch(/^40/)
  const second = await open()
  expect((await second.closed).code).toBe(4429)
  expect(second.frames).toHaveLength(1)
})
