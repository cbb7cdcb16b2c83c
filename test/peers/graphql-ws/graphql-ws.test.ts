import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { graphqlSse, graphqlSseTransport, graphqlWs } from 'wirefold/dialects/graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { GraphqlPeer } from '../../dialects/graphql-ws/story.ts'
import { holdsTheStory, refusesAtFailedSources } from '../../dialects/graphql-ws/story.ts'
import { type Compiled, compile } from '../../support/compile.ts'
import { connect, until } from '../../support/live.ts'
import { operations } from '../../support/peers/chat.ts'
import { graphqlWsStub } from '../../support/peers/graphql-ws.ts'
import { Program } from '../../support/program.ts'
import { type Installed, installed } from '../installed.ts'
import type { GraphqlCommands } from './server.ts'

let packages: Installed
let compiled: Compiled

beforeAll(async () => {
  packages = installed([
    ...['graphql-ws@6.4.2', 'graphql@16.15.0', 'ws@8.23.0'],
    ...['graphql-sse@2.6.1', 'graphql-yoga@5.24.1'],
  ])
  compiled = await compile('test/peers/graphql-ws/server.ts')
})
afterAll(async () => {
  packages.remove()
  await compiled.remove()
})

/** A server in a process of its own. */
async function serverAt(path: string, client: GraphqlPeer['client']) {
  const start = () => new Program<GraphqlCommands>(compiled.file, [packages.modules])
  let program = start()
  const port = await program.call('listen', 0)
  const peer: GraphqlPeer = {
    url: `${path === '/graphql' ? 'ws' : 'http'}://127.0.0.1:${port}${path}`,
    client,
    send: (...message) => program.call('send', message),
    end: (...room) => program.call('end', room),
    following: (room) => program.call('following', room),
    kill: async () => program.stop(),
    async restart() {
      program = start()
      await program.call('listen', port)
    },
  }
  return { peer, call: ((...call) => program.call(...call)) as typeof program.call }
}

const overWs: GraphqlPeer['client'] = (options) => ({ dialect: graphqlWs(options) })
const overSse: GraphqlPeer['client'] = (options) => ({
  dialect: graphqlSse(options),
  transport: graphqlSseTransport(),
})

const peerAt = (path: string, client: GraphqlPeer['client']) => async () =>
  (await serverAt(path, client)).peer
holdsTheStory('graphql-ws', peerAt('/graphql', overWs))
holdsTheStory('graphql-sse', peerAt('/sse', overSse))
holdsTheStory('GraphQL Yoga', peerAt('/yoga', overSse))
// A source that fails ends the process of graphql-sse.
refusesAtFailedSources('graphql-ws', peerAt('/graphql', overWs))
refusesAtFailedSources('GraphQL Yoga', peerAt('/yoga', overSse))

/** The client of the package graphql-ws. */
function officialClient(url: string): OfficialClient {
  const { createClient } = createRequire(join(packages.modules, 'index.js'))('graphql-ws')
  const client: OfficialClient = createClient({
    ...{ url, webSocketImpl: WebSocket, connectionParams: { token: 't-ana' } },
    retryWait: () => Promise.resolve(),
  })
  // It waits for an answer that may never come, or is lost with the connection.
  onTestFinished(() => void client.dispose().catch(() => {}))
  return client
}

interface OfficialClient {
  subscribe(
    payload: unknown,
    sink: { next(result: unknown): void; error(error: unknown): void; complete(): void },
  ): () => void
  dispose(): Promise<void>
}

/** The results, errors and end of an operation of the official client. */
const outcomeOf = (client: OfficialClient, query: string, variables?: unknown) =>
  new Promise<unknown[]>((resolve) => {
    const got: unknown[] = []
    const texts = (errors: unknown) => (Array.isArray(errors) ? errors.length : errors)
    client.subscribe(
      { query, variables },
      {
        next: (result) => {
          const { data, errors } = Object(result)
          got.push({ data, errors: texts(errors) })
        },
        error: (errors) => resolve([...got, `${texts(errors)} errors`]),
        complete: () => resolve([...got, 'complete']),
      },
    )
  })

describe('graphql-ws', () => {
  it('pings with a payload, and gets it back', async () => {
    const { peer, call } = await serverAt('/graphql', overWs)
    const { client } = connect(peer.url, { ...overWs({ operations }), auth: () => 't-ana' })
    await client.connect()
    await call('ping', { n: 1 })
    await call('ping', undefined)
    await until(async () =>
      expect(await call('pongs')).toEqual([{ type: 'pong', payload: { n: 1 } }, { type: 'pong' }]),
    )
  })

  it('answers the pings of a client, which stays connected', async () => {
    const { peer } = await serverAt('/graphql', overWs)
    const { client, errors } = connect(peer.url, {
      ...{ ...overWs({ operations }), auth: () => 't-ana' },
      heartbeat: { intervalMs: 1_000 },
    })
    await client.connect()
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    expect(client.stats().opens).toBe(1)
    expect(errors).toEqual([])
  })

  it('answers its own client as the stub of the tests does', async () => {
    const { peer } = await serverAt('/graphql', overWs)
    const stub = await graphqlWsStub()
    for (const [query, variables] of [
      [operations.hello],
      [operations.boom],
      [operations.countdown, { from: 2 }],
      [operations.messages, { room: 'secret' }],
      [operations.nope],
      [operations.send, { room: '1', text: 'hi' }],
    ] as const) {
      const [real, ours] = await Promise.all(
        [peer.url, stub.url].map((url) => outcomeOf(officialClient(url), query, variables)),
      )
      expect(ours, query).toEqual(real)
    }
  })

  it.each([
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
    ...[3000, 4000, 4004, 4005, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4499, 4500, 4504],
  ])('is dialled again after %i, or is not, by both clients', async (code) => {
    const closing = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => {
      for (const socket of closing.clients) socket.terminate()
      closing.close()
    })
    await once(closing, 'listening')
    const { port } = closing.address() as AddressInfo
    const dials = new Map<string, number>()
    closing.on('connection', (socket, { url = '' }) => {
      const count = (dials.get(url) ?? 0) + 1
      dials.set(url, count)
      if (count > 1) return
      socket.once('message', () => {
        socket.send('{"type":"connection_ack"}')
        socket.once('message', () => socket.close(code, 'by the test'))
      })
    })
    const address = `ws://127.0.0.1:${port}`
    let gaveUp = false
    const end = () => {
      gaveUp = true
    }
    const sink = { next() {}, error: end, complete: end }
    officialClient(`${address}/official`).subscribe({ query: operations.hello }, sink)
    const { client } = connect(`${address}/own`, { ...overWs({}), auth: () => 't-ana' })
    client.on('failed', () => {})
    new ChannelSubscriber(client).subscribe(operations.hello, () => {})
    await until(() => expect(gaveUp || dials.get('/official') === 2).toBe(true))
    await until(() =>
      expect(client.state.get().name === 'failed' || dials.get('/own') === 2).toBe(true),
    )
    expect(client.state.get().name === 'failed').toBe(gaveUp)
  })
})
