import { once } from 'node:events'
import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { packed } from '../../architecture/packed.ts'
import { connect, until } from '../../support/live.ts'
import { describeWithRedis, RedisServer } from '../../support/redis.ts'
import { login, signedIn } from '../frameworks/signed-in.ts'
import type { Installed } from '../installed.ts'
import { installed } from '../installed.ts'
import type { FreshCopy } from './fresh-copy.ts'
import { freshCopy } from './fresh-copy.ts'

/** Longest time for a server to end, in milliseconds; with open connections it never does. */
const END_MS = 60_000

describeWithRedis('express-redis', () => {
  let copy: FreshCopy
  let tools: Installed

  beforeAll(() => {
    tools = installed(['express@5.3.0', '@types/express@5.0.6'])
    copy = freshCopy(tools.modules)
  })

  afterAll(() => {
    copy?.remove()
    tools?.remove()
  })

  it('two servers are one chat for users with a cookie', async () => {
    const redis = await RedisServer.start()
    onTestFinished(() => redis.stop())
    const env = {
      PORT: '0',
      REDIS_URL: redis.url,
      SECRET: 'shared',
      ORIGIN: 'https://chat.example.com',
    }
    const started = [copy.run('express-redis', env), copy.run('express-redis', env)] as const
    const [one, two] = [
      Number(await started[0].prints(/port: (\d+)/)),
      Number(await started[1].prints(/port: (\d+)/)),
    ]
    for (const body of [undefined, '{}']) expect((await login(one, body)).status).toBe(400)
    // The cookie of one server is good for the other.
    const WebSocket = await signedIn(one, 'ada')
    const speaker = connect(`ws://127.0.0.1:${one}/ws`, { WebSocket })
    const listener = connect(`ws://127.0.0.1:${two}/ws`, { WebSocket })
    const said: unknown[] = []
    await new ChannelSubscriber(listener.client).subscribe('room:1', (payload) =>
      said.push(payload),
    ).ready
    await speaker.client.request('say', 'hello')
    await until(() => expect(said).toEqual([{ text: 'hello', by: 'ada' }]))
    speaker.client.close()
    listener.client.close()
    expect([...speaker.errors, ...listener.errors]).toEqual([])
    // Also the server without clients, with connections to Redis.
    for (const { process: shell } of started) {
      const released = once(shell, 'close')
      if (shell.pid) process.kill(-shell.pid, 'SIGTERM')
      const late = AbortSignal.timeout(END_MS)
      await Promise.race([released, once(late, 'abort').then(() => Promise.reject(late.reason))])
    }
  })

  it('compiles with the types of Express', () => {
    const app = packed(['ws', 'redis', '@types/node'])
    onTestFinished(app.remove)
    for (const name of ['express', '@types/express'])
      symlinkSync(join(tools.modules, name), join(app.folder, 'node_modules', name), 'junction')
    for (const folder of ['express-redis', 'frameworks'])
      for (const file of readdirSync(`examples/${folder}`).filter((name) => name.endsWith('.ts')))
        cpSync(join('examples', folder, file), join(app.folder, folder, file))
    const options = [
      '--strict',
      '--skipLibCheck',
      '--types',
      'node',
      '--target',
      'es2022',
      '--noEmit',
    ]
    const modules = ['--module', 'nodenext', '--allowImportingTsExtensions']
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
    expect(app.node(tsc, ...options, ...modules, 'express-redis/server.ts')).toBe('')
  })
})
