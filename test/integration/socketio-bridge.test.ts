import type { Socket } from 'socket.io-client'
import { expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { bridged } from '../support/bridged.ts'
import { connect, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

describeWithRedis('two servers on one Redis, each bridged to socket.io', async () => {
  const bench = await redisBench()

  it('deliver one publish once to stock clients and native ones of both', async () => {
    const prefix = bench.prefix()
    const node = async () => bridged({ broker: await bench.broker({ prefix }) })
    const nodes = [await node(), await node()]
    const received: unknown[][] = []
    const recorded = (): unknown[] => {
      const payloads: unknown[] = []
      received.push(payloads)
      return payloads
    }
    const follow = async (socket: Socket) => {
      const payloads = recorded()
      socket.on('said', (payload) => payloads.push(payload))
      expect(await socket.emitWithAck('subscribe', 'room:1')).toEqual({ ok: true })
    }
    for (const { stock, url } of nodes) {
      await follow(stock({ transports: ['websocket'] }))
      await follow(stock({ transports: ['polling'] }))
      const payloads = recorded()
      const channels = new ChannelSubscriber(connect(url).client)
      await channels.subscribe('room:1', (payload) => payloads.push(payload)).ready
    }
    const [one, two] = nodes
    await one?.server.publish('room:1', 'said', 'by the first')
    await two?.server.publish('room:1', 'said', 'by the second')
    await one
      ?.stock()
      .emitWithAck('publish', 'room:1', 'said', 'by a client')
      .then((value) => expect(value).toEqual({ ok: true }))
    const all = ['by the first', 'by the second', 'by a client']
    await until(() => expect(received).toEqual(Array(6).fill(all)))
  })

  it('reach the stock clients of a user on the other server', async () => {
    const prefix = bench.prefix()
    const node = async () =>
      bridged({
        broker: await bench.broker({ prefix }),
        authenticate: ({ token }) => ({ id: String(token) }),
      })
    const here = await node()
    const there = await node()
    const socket = there.stock({ auth: { token: 'ada' } })
    await socket.emitWithAck('subscribe', 'room:1')
    const revoked = new Promise((resolve) => socket.once('unsubscribed', resolve))
    here.server.revokeUser('ada', 'room:1')
    expect(await revoked).toMatchObject({ channel: 'room:1', code: 'forbidden' })
    const lost = new Promise((resolve) => socket.once('disconnect', resolve))
    here.server.disconnectUser('ada', { code: 4403 })
    expect(await lost).toBe('io server disconnect')
  })
})
