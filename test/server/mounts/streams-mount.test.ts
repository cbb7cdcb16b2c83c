import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { chatPlugin } from 'wirefold/server'
import { RawClient } from '../raw-client.ts'
import { backend, chat, recorder, said } from './streams-backend.ts'

describe('a connection to the streams mount', () => {
  it.each([
    ['without plugins', '', 'No clients specified'],
    [
      'that requests unknown plugins only',
      '?clients={"name":"x","stream":"a:x"}',
      'No clients specified',
    ],
    [
      'with parameters that are no JSON',
      '?clients=[object Object]&clients=3',
      'No clients specified',
    ],
    ['that names no stream', '?clients={"name":"chat"}', 'No stream specified for chat'],
    [
      'that names a stream of another kind',
      '?clients={"name":"chat","stream":"entity:Task","strategy":"streams"}',
      'No stream specified for chat',
    ],
  ])('%s is closed with 1008', async (_, query, reason) => {
    const { dial } = await backend({ plugins: [chatPlugin()] })
    expect(await (await dial(query)).closed).toEqual({ code: 1008, reason })
  })

  it('without a session is closed with 1008, before its plugins are read', async () => {
    const { address } = await backend({ plugins: [chatPlugin()] })
    const client = await RawClient.open(`${address}?token=nora`)
    expect(await client.closed).toEqual({ code: 1008, reason: 'User not authenticated' })
  })

  it.each([
    ['one JSON array', `?clients=${JSON.stringify([chat, { ...chat, stream: 'stream:2:chat' }])}`],
    [
      'repeated parameters',
      `?clients=${JSON.stringify(chat)}&clients=${JSON.stringify({ ...chat, stream: 'stream:2:chat' })}`,
    ],
  ])('requests its plugins by %s', async (_, query) => {
    const { server, dial } = await backend({ plugins: [chatPlugin()] })
    const client = await dial(encodeURI(query))
    const streams = (await client.take(2)).map(({ stream }) => stream)
    expect(streams).toEqual(['stream:1:chat', 'stream:2:chat'])
    expect(server.connections()).toMatchObject([{ dialect: 'streams', user: { id: 'u-nora' } }])
  })

  it('reads the plugins from the parameter of that name', async () => {
    const { dial } = await backend({ plugins: [chatPlugin()], parameter: 'features' })
    const client = await dial(`?features=${encodeURIComponent(JSON.stringify(chat))}`)
    expect(await said(client)).toEqual(['connect', 'nora joined'])
  })

  it('skips unknown names, also those that every object inherits, and runs the others', async () => {
    const log: string[] = []
    const { open } = await backend(
      { plugins: [chatPlugin()] },
      { logger: (_area, message) => log.push(message) },
    )
    const names = ['__proto__', 'constructor', 'toString', 'none', 7, undefined]
    const unknown = names.map((name) => ({ ...chat, name }))
    const client = await open([...unknown, { ...chat, stream: '' }, chat])
    expect(await said(client)).toEqual(['connect', 'nora joined'])
    expect(log.filter((line) => line.startsWith('skipped'))).toHaveLength(7)
  })

  it('without a strategy runs as pub-sub, with one warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const { open } = await backend({ plugins: [chatPlugin()] })
    for (const strategy of [undefined, 'redis-streams']) {
      const client = await open([{ ...chat, strategy }])
      expect(await client.next()).toMatchObject({ type: 'connect', stream: 'stream:1:chat' })
      expect(client.frames[0]).not.toContain('"id"')
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining('"chat" without a strategy')]])
  })

  it('runs the plugins that the user may subscribe to; without any it is closed', async () => {
    const { open } = await backend(
      { plugins: [chatPlugin(), recorder('secret').plugin] },
      { authorize: (_user, channel) => !channel.includes('secret') },
    )
    const secret = { ...chat, name: 'secret', stream: 'stream:1:secret' }
    const client = await open([secret, chat])
    expect(await said(client)).toEqual(['connect', 'nora joined'])
    const refused = await open([secret])
    expect(await refused.closed).toEqual({ code: 4403, reason: 'forbidden' })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no list')
      },
    ],
    ['is asynchronous', async () => true],
    ['is asynchronous and rejects', () => Promise.reject(new Error('no list'))],
  ])('skips and reports a plugin whose `serves` %s', async (_, serves) => {
    const { plugin, calls } = recorder('odd', { serves: serves as () => never })
    const { open, errors } = await backend({ plugins: [plugin, chatPlugin()] })
    const client = await open([{ ...chat, name: 'odd' }, chat])
    expect(await said(client)).toEqual(['connect', 'nora joined'])
    expect(errors).toMatchObject([{ detail: { where: 'plugin odd, serves' } }])
    expect(calls).toEqual([])
  })

  it('leaves nothing behind', async () => {
    const { server, open } = await backend({ plugins: [chatPlugin()] })
    const client = await open([chat])
    await client.next()
    client.ws.terminate()
    await expect
      .poll(() => server.stats())
      .toMatchObject({ connections: 0, channels: 0, subscriptions: 0 })
  })
})

describe('the strategy streams', () => {
  const streams = { ...chat, strategy: 'streams' }

  it('sends ids, by which a client gets exactly what it has missed', async () => {
    const { server, open } = await backend({ plugins: [recorder('chat').plugin] })
    const publish = (n: number) => server.publish('stream:1:chat', 'message', { n })
    const client = await open([streams])
    await expect.poll(() => server.channels.size).toBe(1)
    await publish(1)
    await publish(2)
    const [, { id: lastSeen = '' } = {}] = await client.take(2)
    expect(lastSeen).toMatch(/^\d+-2$/)
    client.ws.terminate()
    for (const n of [3, 4]) await publish(n)
    const again = await open([{ ...streams, lastSeen }])
    await expect.poll(() => server.channels.size).toBe(1)
    await publish(5)
    expect((await again.take(3)).map(({ n }) => n)).toEqual([3, 4, 5])
  })

  it('reads no history of a stream that the user may not subscribe to', async () => {
    const { server, open } = await backend(
      { plugins: [recorder('chat').plugin] },
      { authorize: () => false },
    )
    await server.publish('stream:1:chat', 'message', { n: 1 })
    const reads = [vi.spyOn(server.channels, 'head'), vi.spyOn(server.channels, 'history')]
    const client = await open([{ ...streams, lastSeen: '1-1' }])
    expect(await client.closed).toEqual({ code: 4403, reason: 'forbidden' })
    for (const read of reads) expect(read).not.toHaveBeenCalled()
  })

  it('loses with pub-sub what came while the client was away', async () => {
    const { server, open } = await backend({ plugins: [recorder('chat').plugin] })
    await server.publish('stream:1:chat', 'message', { n: 1 })
    const client = await open([{ ...chat, lastSeen: '1-0' }])
    await expect.poll(() => server.channels.size).toBe(1)
    await server.publish('stream:1:chat', 'message', { n: 2 })
    expect(await client.next()).toEqual({ type: 'message', stream: 'stream:1:chat', n: 2 })
  })

  it('replays all newer messages where the history began anew', async () => {
    const { server, open } = await backend({ plugins: [recorder('chat').plugin] })
    for (const n of [1, 2]) await server.publish('stream:1:chat', 'message', { n })
    const client = await open([{ ...streams, lastSeen: '1701377504203-2' }])
    expect((await client.take(2)).map(({ n }) => n)).toEqual([1, 2])
    const odd = await open([{ ...streams, lastSeen: '../../etc' }])
    await expect.poll(() => server.channels.members('stream:1:chat')).toHaveLength(2)
    await server.publish('stream:1:chat', 'message', { n: 3 })
    expect((await odd.next()).n).toBe(3)
  })

  it('follows a stream once for all its plugins, with ids if one of them wants these', async () => {
    const plugins = ['live', 'chat', 'log'].map(
      (name) => recorder(name, { serves: () => true }).plugin,
    )
    const { server, open } = await backend({ plugins })
    const publish = (n: number) => server.publish('stream:1:chat', 'message', { n })
    for (const n of [1, 2, 3]) await publish(n)
    const one = { ...streams, lastSeen: '0-0' }
    const first = await open([{ ...chat, name: 'live' }, one])
    const ids = (await first.take(3)).map(({ id }) => String(id))
    expect(ids.map((id) => id.split('-')[1])).toEqual(['1', '2', '3'])
    const [earlier, later] = [ids[0] ?? '', ids[1] ?? '']
    for (const [log, own, missed] of [
      [earlier, later, [2, 3]],
      [later, earlier, [2, 3, 4]],
    ] as const) {
      const both = await open([
        { ...streams, name: 'log', lastSeen: log },
        { ...streams, lastSeen: own },
      ])
      expect((await both.take(missed.length)).map(({ n }) => n)).toEqual(missed)
      await publish(4)
      expect((await both.next()).n).toBe(4)
      both.ws.terminate()
    }
  })
})
