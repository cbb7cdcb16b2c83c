import { expect, it, onTestFinished } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, webSocketTransport } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import { engineIo } from 'wirefold/dialects/socketio'
import { topics, withConfirmations } from 'wirefold/dialects/topics'
import { WebSocket } from 'ws'
import { compile } from '../../support/compile.ts'
import { connect, until } from '../../support/live.ts'
import { Program } from '../../support/program.ts'
import { describeWithRedis, RedisServer } from '../../support/redis.ts'
import type { ServerCommands } from './server.ts'

const auth = () => 'ada'

/** For each dialect, the address and options of its client. */
const dialects: Readonly<Record<string, readonly [path: string, options: ClientOptions]>> = {
  native: ['/ws', { auth }],
  entity: ['/api/realtime', { auth, dialect: entity }],
  topics: ['/api/ws/v2', { auth, dialect: withConfirmations(topics) }],
  socketio: ['', { auth, ...engineIo(webSocketTransport(WebSocket)) }],
}

/** Subscribes with a client of a dialect, and records the progress that it receives. */
async function watch(port: number, [path, options]: (typeof dialects)[string]) {
  const { client } = connect(`ws://127.0.0.1:${port}${path}`, options)
  const seen: unknown[] = []
  const channels = new ChannelSubscriber(client)
  await channels.subscribe('session:1', (payload) => seen.push(Object(payload).progress)).ready
  return seen
}

describeWithRedis('two processes on one Redis', () => {
  it('show an event that one of them publishes to clients of four dialects on both, once', async () => {
    const redis = await RedisServer.start()
    onTestFinished(() => redis.stop())
    const { file, remove } = await compile('test/integration/two-processes/server.ts')
    onTestFinished(remove)
    const seen = new Map<string, readonly unknown[]>()
    const programs = [0, 1].map(() => new Program<ServerCommands>(file, [`${redis.port}`]))
    for (const [n, program] of programs.entries()) {
      const port = await program.call('listen')
      for (const [name, client] of Object.entries(dialects)) {
        seen.set(`${name} at ${n}`, await watch(port, client))
      }
    }
    for (const [n, program] of programs.entries()) await program.call('publish', { progress: n })
    const all = Array.from(seen.keys(), (name) => [name, [0, 1]])
    await until(() => expect([...seen]).toEqual(all))
  })
})
