import * as redis from 'redis'
import { expect, it, onTestFinished } from 'vitest'
import type { RealtimeServer } from 'wirefold/server'
import { until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'
import { blocks, blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/several-servers.md'

/** The module `redis` with clients of a Redis of this test. */
async function withRedis() {
  const { server } = await redisBench()
  const createClient = () => {
    const client = redis.createClient({ url: server.url })
    onTestFinished(() => client.destroy())
    return client
  }
  return { redis: { ...redis, createClient } }
}

describeWithRedis('the guide to several servers', () => {
  it('shows a server on Redis', async () => {
    const { server } = await run<{ server: RealtimeServer }>(blockWith(PAGE, 'REDIS_URL'), {
      given: { verify: () => null },
      modules: await withRedis(),
    })
    expect(await server.publish('room', 'said')).toMatchObject({ offset: 1 })
  })

  it('has a program of two servers, which prints what the page says', async () => {
    const program = blockWith(PAGE, '// several.mjs')
    const lines: string[] = []
    const log = (...values: unknown[]) => lines.push(values.map(String).join(' '))
    await run(program, { given: { console: { log } }, modules: await withRedis() })
    const printed = blocks[blocks.indexOf(program) + 1]
    await until(() => expect(`${lines.join('\n')}\n`).toBe(printed?.code))
  })
})
