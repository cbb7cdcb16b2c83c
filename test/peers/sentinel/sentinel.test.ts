import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, type Position } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { createRedisBroker, ioredisClient } from 'wirefold/server/redis'
import { address } from '../../support/address.ts'
import { freePort } from '../../support/free-port.ts'
import { connect, serve, until } from '../../support/live.ts'
import { describeWithRedis, RedisServer } from '../../support/redis.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Starts a sentinel that watches the master `wf`, until the end of the test. */
async function sentinel(master: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'wirefold-sentinel-'))
  const port = await freePort()
  const file = join(directory, 'sentinel.conf')
  writeFileSync(
    file,
    // Below 2 s, sentinels on a busy machine consider healthy masters down.
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor wf 127.0.0.1 ${master} 2`,
      'sentinel down-after-milliseconds wf 2000',
      'sentinel failover-timeout wf 6000',
    ].join('\n'),
  )
  const child: ChildProcess = spawn('redis-sentinel', [file], { stdio: 'ignore' })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  return port
}

/** Starts a master, its replica, and three sentinels that agree. */
async function world() {
  const redis = async (...args: readonly string[]) => {
    const server = await RedisServer.start('--repl-diskless-sync-delay', '0', ...args)
    onTestFinished(() => server.stop())
    return server
  }
  const master = await redis()
  const replica = await redis('--replicaof', `127.0.0.1 ${master.port}`)
  const ports = []
  for (let n = 0; n < 3; n++) ports.push(await sentinel(master.port))
  const sentinels = ports.map((port) => ({ host: '127.0.0.1', port }))
  const [first] = ports
  const watch = new Redis({ host: '127.0.0.1', port: first ?? 0 })
  const replicaClient = new Redis(replica.port, '127.0.0.1')
  for (const client of [watch, replicaClient]) {
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
  }
  const sentinelCommand = async (...args: string[]): Promise<string> =>
    String(await watch.call('SENTINEL', args))
  await until(async () => {
    expect(await sentinelCommand('ckquorum', 'wf')).toContain('OK 3 usable')
    expect(await sentinelCommand('replicas', 'wf')).toMatch(/master-link-status,ok/)
  })
  const promoted = () =>
    until(async () =>
      expect(await sentinelCommand('get-master-addr-by-name', 'wf')).toBe(
        `127.0.0.1,${replica.port}`,
      ),
    )
  return { master, replica, replicaClient, sentinels, sentinelCommand, promoted }
}

/** Starts a server with a broker, and three clients that record the events they receive. */
async function startStation(client: Redis) {
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const broker = await createRedisBroker(ioredisClient(client), { onError })
  onTestFinished(() => broker.close())
  const { server, url } = await serve({ broker })
  const clients = []
  for (let n = 0; n < 3; n++) {
    const { client } = connect(url)
    const received = new Set<unknown>()
    const twice: unknown[] = []
    const gaps: Gap[] = []
    const subscription = new ChannelSubscriber(client).subscribe('log', (payload) => {
      if (received.has(payload)) twice.push(payload)
      received.add(payload)
    })
    subscription.status.subscribe(({ name }) => {
      if (name !== 'gap') return
      gaps.push({ at: performance.now(), position: subscription.position })
      // As an application after it has fetched its state.
      setTimeout(() => subscription.caughtUp())
    })
    await subscription.ready
    clients.push({ received, twice, gaps })
  }
  return { server, errors, clients }
}

/** A gap of a client: its time, and the position from which the client continues. */
interface Gap {
  readonly at: number
  readonly position: Position | undefined
}

type Station = Awaited<ReturnType<typeof startStation>>

/** Publishes on every server, and records the time and position of each confirmed event. */
function load(stations: readonly Station[]) {
  const confirmed = new Map<string, number>()
  const positions = new Map<string, Position>()
  const refusals = new Map<string, number>()
  let going = true
  const publish = async (server: RealtimeServer, name: string) => {
    try {
      positions.set(name, await server.publish('log', 'n', name))
      confirmed.set(name, performance.now())
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      refusals.set(code, (refusals.get(code) ?? 0) + 1)
    }
  }
  const writing = stations.map(async ({ server }, writer) => {
    const publishes = []
    for (let n = 0; going; n++) {
      publishes.push(publish(server, `${writer}:${n}`))
      await sleep(5)
    }
    await Promise.all(publishes)
  })
  const stop = async () => {
    going = false
    await Promise.all(writing)
  }
  onTestFinished(stop)
  return { confirmed, positions, refusals, stop }
}

/**
 * Expects that each event that a client did not receive is covered by a gap of that client: it was
 * confirmed before the gap, or is before the position from which the client continued, or is of an
 * epoch that ended with the last gap. Such an event may be confirmed later: the promoted replica
 * knows the batch that its master had carried out.
 */
function expectNoSilentLoss(
  stations: readonly Station[],
  { confirmed, positions }: Pick<ReturnType<typeof load>, 'confirmed' | 'positions'>,
) {
  for (const { clients } of stations) {
    for (const { received, twice, gaps } of clients) {
      const silent = [...confirmed]
        .filter(
          ([name, at]) =>
            !received.has(name) &&
            !gaps.some((gap) => gap.at >= at || isBefore(positions.get(name), gap.position)) &&
            !isOfFormerEpoch(positions.get(name), gaps.at(-1)?.position),
        )
        .map(([name, at]) => [name, at, positions.get(name)])
      expect(silent, `gaps: ${JSON.stringify(gaps)}`).toEqual([])
      expect(twice).toEqual([])
    }
  }
}

function isOfFormerEpoch(event: Position | undefined, last: Position | undefined): boolean {
  return last !== undefined && event !== undefined && event.epoch !== last.epoch
}

function isBefore(event: Position | undefined, head: Position | undefined): boolean {
  return event?.epoch === head?.epoch && (event?.offset ?? 0) <= (head?.offset ?? -1)
}

/** Ends a load two seconds later, and expects no loss and no refusal other than `unavailable`. */
async function expectNothingLostAfter(
  running: ReturnType<typeof load>,
  stations: readonly Station[],
) {
  const { refusals, stop } = running
  await sleep(2_000)
  await stop()
  // The last events may still be on their way to the clients.
  await until(() => expectNoSilentLoss(stations, running))
  expect([...refusals.keys()].filter((code) => code !== 'unavailable')).toEqual([])
}

describeWithRedis('Redis Sentinel', () => {
  it('promotes a replica under load: available within 10 s, and no event is lost without a gap', async () => {
    const { master, sentinels, promoted } = await world()
    const client = () => new Redis({ sentinels, name: 'wf', lazyConnect: true })
    const stations = [await startStation(client()), await startStation(client())]
    const running = load(stations)
    const { confirmed } = running
    await sleep(1_000)
    await master.kill()
    await promoted()
    const at = performance.now()
    const back = () =>
      stations.map((_, writer) =>
        [...confirmed].find(([name, when]) => when > at && name.startsWith(`${writer}:`)),
      )
    await until(() => expect(back().every(Boolean)).toBe(true))
    const waited = back().map((found) => (found?.[1] ?? 0) - at)
    process.stdout.write(`back after ${waited.map(Math.round).join(' and ')} ms\n`)
    for (const ms of waited) expect(ms).toBeLessThan(10_000)
    await expectNothingLostAfter(running, stations)
    for (const { errors } of stations) expect(errors.length).toBeGreaterThan(0)
  })

  it('demotes a killed master that returns: its confirmed events are a gap for all clients', async () => {
    const { master, replica, sentinels, sentinelCommand, promoted } = await world()
    const { port, lead } = await address(master.port)
    // One server follows the sentinels; the other one follows an address that is updated too late.
    const stations = [
      await startStation(new Redis({ host: '127.0.0.1', port, lazyConnect: true })),
      await startStation(new Redis({ sentinels, name: 'wf', lazyConnect: true })),
    ]
    const running = load(stations)
    const { confirmed } = running
    await sleep(1_000)
    await master.kill()
    await promoted()
    await master.start()
    const returned = performance.now()
    await until(async () =>
      expect(await sentinelCommand('replicas', 'wf')).toMatch(/master-link-status,ok/),
    )
    const lost = [...confirmed].filter(
      ([name, at]) => name.startsWith('0:') && at > returned && at < performance.now(),
    )
    expect(lost.length).toBeGreaterThan(0)
    const demoted = performance.now()
    lead(replica.port)
    const back = () =>
      [...confirmed].find(([name, at]) => name.startsWith('0:') && at > demoted + 50)
    await until(() => expect(back()).toBeTruthy())
    await expectNothingLostAfter(running, stations)
  })
})
