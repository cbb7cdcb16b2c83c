import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { ChannelSubscriber, isWirefoldError, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'
import { compile } from '../../support/compile.ts'
import { balanced } from '../../support/live.ts'
import { Program } from '../../support/program.ts'
import { RedisServer } from '../../support/redis.ts'
import type { ServerCommands } from './server.ts'

/** Time between the first requests of two clients: a handler takes 300 ms. */
const PHASE_MS = 40

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The kinds of requests: one handler that may run once, two that may run again, and a publish. */
export const KINDS = ['apply', 'upsert', 'announce', 'publish'] as const

/** A request and its end. */
export interface EndedRequest {
  readonly kind: (typeof KINDS)[number]
  readonly name: string
  /** `ok`, or the code of the error. */
  readonly outcome: string
  readonly from: number
  readonly to: number
}

/** Servers on one Redis behind a load balancer. */
export async function serversOnRedis() {
  const redis = await RedisServer.start()
  onTestFinished(() => redis.stop())
  const { file, remove } = await compile('test/peers/deaths/server.ts')
  onTestFinished(remove)
  const front = await balanced()
  const start = async () => {
    const program = new Program<ServerCommands>(file, [`${redis.port}`])
    return { program, port: await program.call('listen') }
  }
  const admin = new Redis(redis.port, '127.0.0.1')
  onTestFinished(() => admin.disconnect())
  /** How often each request was carried out whose effect is outside of the broker. */
  const applied = async (): Promise<ReadonlyMap<string, number>> => {
    const counts = Object.entries(await admin.hgetall('applied'))
    return new Map(counts.map(([name, count]) => [name, Number(count)]))
  }
  /** The number of servers that were declared dead. */
  const deaths = async () => (await admin.keys('*:dead:*')).length
  return { redis, front, start, applied, deaths }
}

/** Clients with default options that send requests one after another, and record the end of each request. */
export function requesting(url: string, clients: number, requestTimeoutMs?: number) {
  const ended: EndedRequest[] = []
  let going = true
  const send = async (client: RealtimeClient, kind: EndedRequest['kind']) => {
    const name = `${kind}:${randomUUID()}`
    const from = performance.now()
    const outcome = await (kind === 'publish'
      ? client.publish('log', 'announced', name)
      : client.request(kind, name)
    ).then(
      () => 'ok',
      (error: unknown) => (isWirefoldError(error) ? error.code : String(error)),
    )
    ended.push({ kind, name, outcome, from, to: performance.now() })
  }
  const running = Array.from({ length: clients }, async (_, n) => {
    const client = new RealtimeClient(url, { WebSocket, requestTimeoutMs })
    client.on('error', () => {})
    onTestFinished(() => client.close())
    // Out of phase: a server that dies at any moment has requests that run.
    await sleep(n * PHASE_MS)
    while (going) {
      await send(client, KINDS[n % KINDS.length] ?? 'apply')
      await sleep(20)
    }
  })
  const stop = async (): Promise<readonly EndedRequest[]> => {
    going = false
    await Promise.all(running)
    return ended
  }
  onTestFinished(async () => void (await stop()))
  return { ended, stop }
}

/** Counts the events of the channel `log` by their payload, across reconnects. */
export async function listening(url: string) {
  const client = new RealtimeClient(url, { WebSocket })
  client.on('error', () => {})
  onTestFinished(() => client.close())
  const heard = new Map<unknown, number>()
  let gaps = 0
  const subscription = new ChannelSubscriber(client).subscribe('log', (payload) => {
    heard.set(payload, (heard.get(payload) ?? 0) + 1)
  })
  subscription.status.subscribe(({ name }) => {
    if (name === 'gap') gaps++
  })
  await subscription.ready
  return { heard, gaps: () => gaps }
}
