import { WebSocket as MockWebSocket, Server } from 'mock-socket'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { createMockSubscriber, ScriptedServer, serveMockSocket } from 'wirefold/testing'
import { balanced, connect, serve, until } from '../support/live.ts'

/** A subscriber, and what the test does at the server. */
interface Served {
  readonly channels: ChannelSubscriber
  publish(channel: string, type: string, payload: unknown): unknown
  /** Loses the connection, and lets the client connect again. */
  interrupt(meanwhile: () => unknown): Promise<void>
}

const REFUSED = 'secret'
const refuse = (channel: string) => (channel === REFUSED ? 'forbidden' : undefined)

/** Serves a client of a scripted server. */
function scripted(server: ScriptedServer, client: RealtimeClient): Served {
  onTestFinished(() => client.close())
  return {
    channels: new ChannelSubscriber(client),
    publish: (...event) => server.publish(...event),
    async interrupt(meanwhile) {
      server.drop()
      await until(() => expect(client.state.get().name).not.toBe('open'))
      meanwhile()
    },
  }
}

const backoff = { minMs: 5, initialMs: 20, maxMs: 50 }

const subscribers: Readonly<Record<string, () => Promise<Served>>> = {
  async 'a mock subscriber'() {
    const channels = createMockSubscriber({ refuse })
    return {
      channels,
      publish: (...event) => channels.emit(...event),
      async interrupt(meanwhile) {
        channels.lose()
        meanwhile()
        channels.restore()
      },
    }
  },
  async 'a client of a scripted server'() {
    const server = new ScriptedServer({ refuse })
    const options = { transport: server.transport, backoff }
    return scripted(server, new RealtimeClient('ws://test/', options))
  },
  async 'a client of a scripted server on mock-socket'() {
    const url = 'ws://mock.localhost/contract'
    const server = serveMockSocket(Server, url, { refuse, mock: false })
    onTestFinished(() => server.stop())
    return scripted(server, new RealtimeClient(url, { WebSocket: MockWebSocket, backoff }))
  },
  async 'a client of the real server'() {
    const { server, port } = await serve({ authorize: (_user, channel) => channel !== REFUSED })
    const front = await balanced()
    front.backends.add(port)
    const { client } = connect(front.url)
    return {
      channels: new ChannelSubscriber(client),
      publish: (...event) => server.publish(...event),
      async interrupt(meanwhile) {
        front.dropAll()
        await until(() => expect(client.state.get().name).not.toBe('open'))
        await meanwhile()
      },
    }
  },
}

describe.each(Object.entries(subscribers))('%s', (_name, make) => {
  it('delivers events in order to every handler, until it is released', async () => {
    const { channels, publish } = await make()
    const [first, second]: [unknown[], unknown[]] = [[], []]
    const off = channels.subscribe('news', (n) => first.push(n))
    const { ready } = channels.subscribe('news', (n, { type }) => second.push([type, n]))
    await Promise.all([off.ready, ready])
    await publish('news', 'said', 1)
    await until(() => expect(first).toEqual([1]))
    off()
    await publish('news', 'sung', 2)
    await until(() =>
      expect(second).toEqual([
        ['said', 1],
        ['sung', 2],
      ]),
    )
    expect(first).toEqual([1])
  })

  it('refuses what the server refuses', async () => {
    const { channels } = await make()
    await expect(channels.subscribe(REFUSED, () => {}).ready).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  it('is live again after a lost connection, with the events of meanwhile', async () => {
    const { channels, publish, interrupt } = await make()
    const got: unknown[] = []
    const statuses: string[] = []
    const { ready, status } = channels.subscribe('news', (n) => got.push(n))
    await ready
    status.listen(({ name }) => statuses.push(name))
    await publish('news', 'said', 1)
    await until(() => expect(got).toEqual([1]))
    await interrupt(() => publish('news', 'said', 2))
    await until(() => expect(got).toEqual([1, 2]))
    await until(() => expect(statuses).toEqual(['recovering', 'live']))
  })
})
