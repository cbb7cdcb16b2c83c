import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { expect, it, onTestFinished } from 'vitest'
import type { IoredisClient, NodeRedisClient, RedisConnector } from 'wirefold/server/redis'
import { createRedisBroker, ioredisClient, redisClient } from 'wirefold/server/redis'
import { checkServer } from '../../../src/server/redis/connection/server-info.ts'
import { event, publishOn } from '../../support/broker.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { recorder } from '../broker/contract.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describeWithRedis('the client of an application', async () => {
  const bench = await redisBench()
  const { port } = bench.server
  const prefix = () => bench.prefix()

  async function broker(connector: RedisConnector, strategy: 'streams' | 'pub-sub', name: string) {
    const made = await createRedisBroker(connector, { prefix: name, strategy, onError: () => {} })
    onTestFinished(() => made.close())
    return made
  }

  /** Expects that two brokers work, after a pause and after a loss of their connections, too. */
  async function expectService(connect: () => RedisConnector, pauseMs: number) {
    for (const strategy of ['streams', 'pub-sub'] as const) {
      const name = prefix()
      const a = await broker(connect(), strategy, name)
      const b = await broker(connect(), strategy, name)
      const { received, listener } = recorder()
      await b.subscribe('a', listener)
      await publishOn(a, 'a', event(1))
      await until(() => expect(received).toEqual(['1:1']))
      await sleep(pauseMs)
      await publishOn(a, 'a', event(2))
      await until(() => expect(received.slice(0, 2)).toEqual(['1:1', '2:2']))
      for (const kind of ['normal', 'pubsub']) {
        await bench.command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes')
      }
      await until(async () => {
        await publishOn(a, 'a', event(3))
        expect(received.some((entry) => entry.endsWith(':3'))).toBe(true)
      })
      let key = 0
      await until(async () => {
        expect(await b.replies.begin(`k${key++}`, 'd')).toEqual({ state: 'fresh' })
      })
    }
  }

  const at = { host: '127.0.0.1', port, lazyConnect: true }
  const ofIoredis = {
    'a key prefix': { keyPrefix: 'app:' },
    'time limits below that of a blocking read': { commandTimeout: 100, socketTimeout: 150 },
    'neither a retry nor an offline queue': {
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
    },
    'replies of other shapes': { stringNumbers: true, protocol: 3, replyMapping: 'resp3' },
    'pipelining and a database': { enableAutoPipelining: true, db: 3, keepAlive: 1 },
  } as const
  for (const [what, options] of Object.entries(ofIoredis)) {
    for (const [library, make] of [
      ['ioredis', () => new Redis({ ...at, ...options })],
      ['ioredis 5', () => new Redis5({ ...at, ...options })],
    ] as const) {
      it(`may have ${what}: ${library}`, async () => {
        await expectService(() => ioredisClient(make()), 300)
      })
    }
  }

  const url = bench.server.url
  const ofNodeRedis: Record<string, () => NodeRedisClient> = {
    'a key prefix': () => createClient({ url, keyPrefix: 'app:' }),
    'time limits below that of a blocking read': () =>
      createClient({ url, commandOptions: { timeout: 100 }, socket: { socketTimeout: 150 } }),
    'neither a retry nor an offline queue': () =>
      createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } }),
    'replies of other shapes': () =>
      createClient({ url }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }),
    'a cache': () => createClient({ url, RESP: 3, clientSideCache: { maxEntries: 9 } }),
    'pings and a database': () => createClient({ url: `${url}/3`, pingInterval: 50 }),
    'time limits, no retry and a database, in version 5': () =>
      createClient5({
        url,
        RESP: 3,
        database: 3,
        disableOfflineQueue: true,
        commandOptions: { timeout: 100 },
        socket: { socketTimeout: 150, reconnectStrategy: false },
      }),
  }
  for (const [what, make] of Object.entries(ofNodeRedis)) {
    it(`may have ${what}: redis`, async () => {
      await expectService(() => redisClient(make()), 300)
    })
  }

  it('may be closed for good; the broker reconnects by itself', async () => {
    const client = new Redis({ ...at, lazyConnect: false })
    await client.ping()
    await expectService(() => {
      client.disconnect()
      return ioredisClient(client)
    }, 0)
  })

  it('uses TLS if the client does', async () => {
    const directory = bench.server.directory
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const files = ['-keyout', key, '-out', cert]
    const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' })
    for (const [name, value] of [
      ['tls-cert-file', cert],
      ['tls-key-file', key],
      ['tls-auth-clients', 'no'],
    ] as const) {
      await bench.command('CONFIG', 'SET', name, value)
    }
    let secure = 0
    // Another process may take a free port before Redis does.
    await until(async () => {
      secure = await freePort()
      await bench.command('CONFIG', 'SET', 'tls-port', `${secure}`)
    })
    const ca = readFileSync(cert)
    await expectService(() => ioredisClient(new Redis({ ...at, port: secure, tls: { ca } })), 0)
    await expectService(
      () =>
        redisClient(createClient({ socket: { host: '127.0.0.1', port: secure, tls: true, ca } })),
      0,
    )
  })

  it('shares events with clients of its own database only', async () => {
    for (const strategy of ['streams', 'pub-sub'] as const) {
      const name = prefix()
      const of = (db: number) => broker(ioredisClient(new Redis({ ...at, db })), strategy, name)
      const [zero, one] = [await of(0), await of(1)]
      const [mine, other] = [recorder(), recorder()]
      await zero.subscribe('a', mine.listener)
      await one.subscribe('a', other.listener)
      await publishOn(zero, 'a', event(1))
      await publishOn(one, 'a', event(2))
      await publishOn(one, 'a', event(3))
      // A new generation may be reported as `broken`, too.
      const events = ({ received }: typeof mine) => received.filter((entry) => /^\d/.test(entry))
      await until(() => expect(events(other)).toEqual(['1:2', '2:3']))
      await until(() => expect(events(mine)).toEqual(['1:1']))
    }
  })

  it('is refused at once if it is a cluster, a pool, or a client of sentinels', () => {
    const root = { url }
    const clusters = [
      new Cluster([at], { lazyConnect: true }),
      new Cluster5([at], { lazyConnect: true }),
    ]
    const others: unknown[] = [
      createCluster({ rootNodes: [root] }),
      createClientPool(root),
      createSentinel({ name: 'x', sentinelRootNodes: [{ host: '127.0.0.1', port }] }),
    ]
    const refused = { code: 'bad-option', detail: { option: 'client' } }
    // TypeScript refuses these, too.
    for (const cluster of clusters) {
      expect(() => ioredisClient(cluster as unknown as IoredisClient)).toThrow(
        expect.objectContaining(refused),
      )
      cluster.disconnect()
    }
    for (const other of others) {
      expect(() => redisClient(other as NodeRedisClient)).toThrow(expect.objectContaining(refused))
    }
  })

  it('is refused at the start if Redis is a replica', async () => {
    const replica = await redisBench()
    await replica.command('REPLICAOF', '127.0.0.1', `${port}`)
    const made = createRedisBroker(await replica.connect(), { onError: () => {} })
    await expect(made).rejects.toMatchObject({
      code: 'bad-dependency',
      message: expect.stringContaining('replica'),
    })
  })

  it('is refused at the start if Redis is too old, or one of a cluster', () => {
    const info = (lines: readonly string[]) => ['# Server', ...lines, ''].join('\r\n')
    const ok = ['redis_version:6.2.0', 'redis_mode:standalone', 'role:master']
    expect(checkServer(info(ok))).toBe(undefined)
    expect(checkServer(info(['role:master']))).toBe(undefined)
    for (const [wrong, reason] of [
      ['redis_version:6.0.16', 'too old'],
      ['redis_version:5.0.1', 'too old'],
      ['redis_mode:cluster', 'Cluster'],
      ['role:slave', 'replica'],
    ] as const) {
      const [field] = wrong.split(':')
      const lines = [...ok.filter((line) => !line.startsWith(`${field}:`)), wrong]
      expect(() => checkServer(info(lines))).toThrow(reason)
    }
    const evicting = [...ok, 'maxmemory:100', 'maxmemory_policy:allkeys-lru']
    expect(checkServer(info(evicting))).toContain('allkeys-lru')
    expect(checkServer(info([...ok, 'maxmemory:0', 'maxmemory_policy:allkeys-lru']))).toBe(
      undefined,
    )
  })
})
