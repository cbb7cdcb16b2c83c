import { expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import { bridgeSocketio } from 'wirefold/server/socketio'
import { bridged } from '../../support/bridged.ts'

it('an application that subscribes clients is not subject to their limits', async () => {
  const { server, io, bridge, stock } = await bridged({ limits: { subscriptions: 1_000 } })
  const socket = stock({ reconnection: false })
  await socket.emitWithAck('subscribe', 'room:first')
  const [local] = [...io.of('/').sockets.values()]
  if (!local) throw new Error('There is no socket.')
  const names = Array.from({ length: 300 }, (_, index) => `room:${index}`)
  const answers = await Promise.all(names.map((name) => bridge.subscribe(local, name)))
  expect(answers.filter((answer) => 'ok' in answer)).toHaveLength(300)
  for (const wrong of [undefined, 1, '']) {
    await expect(Reflect.apply(bridge.subscribe, bridge, [local, wrong])).rejects.toThrow(
      /without a channel/,
    )
  }
  await expect(bridge.subscribe({}, 'room:1')).rejects.toThrow(/no socket of this process/)
  expect(socket.connected).toBe(true)
  expect(bridge.connectionId(local)).toBe(server.connections()[0]?.id)
})

it('a further bridge of a namespace takes the place of the former one', async () => {
  const { server, io, stock } = await bridged()
  let ran = 0
  server.handle('count', () => ++ran)
  const before = stock()
  expect(await before.emitWithAck('count')).toBe(1)
  const bridge = bridgeSocketio(server, io)
  expect(await stock().emitWithAck('count')).toBe(2)
  expect(await before.emitWithAck('count')).toBe(3)
  expect(server.connections()).toHaveLength(2)
  for (const socket of io.of('/').sockets.values()) {
    expect(await bridge.subscribe(socket, 'room:1')).toEqual({ ok: true })
  }
})

it('a bridge is refused what is no server, and origins that are missing in production', async () => {
  const { server, io } = await bridged()
  const wrong: readonly [args: readonly unknown[], words: RegExp][] = [
    [[server], /socket\.io second/],
    [[io, server], /RealtimeServer first/],
    [[server, io.engine], /socket\.io second/],
    [[server, io, { speaks: 'session' }], /is "session"\. Use "channels"/],
    [[server, io, { speak: 'sessions' }], /does not know the name speak\. Use speaks/],
  ]
  for (const [args, words] of wrong) {
    expect(() => Reflect.apply(bridgeSocketio, undefined, args)).toThrow(words)
  }
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(() => bridgeSocketio(createRealtimeServer(), io)).toThrow(/`origins` is missing/)
})
