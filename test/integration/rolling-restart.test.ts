import { expect, it, onTestFinished } from 'vitest'
import { compile } from '../support/compile.ts'
import { Program } from '../support/program.ts'
import type { BalancerCommands } from './rolling-restart/balancer.ts'
import type { ClientCommands } from './rolling-restart/clients.ts'
import type { ServerCommands } from './rolling-restart/servers.ts'

/** Number of clients that a slow machine can run; the variable allows larger runs. */
const CLIENTS = Number(process.env.ROLLING_RESTART_CLIENTS ?? 200)
const CLIENTS_OF_A_PROCESS = 100
const WINDOW_MS = 2_000
/** Time by which Node's timers may fire early, in milliseconds. */
const EARLY_MS = 2

async function compiled(name: string): Promise<string> {
  const { file, remove } = await compile(`test/integration/rolling-restart/${name}.ts`)
  onTestFinished(remove)
  return file
}

it(`a rolling restart of three servers under ${CLIENTS} clients loses and repeats nothing`, async () => {
  const servers = new Program<ServerCommands>(await compiled('servers'))
  const balancer = new Program<BalancerCommands>(await compiled('balancer'))
  const start = async () => {
    const port = await servers.call('start')
    await balancer.call('add', port)
    return port
  }
  const old = [await start(), await start(), await start()]

  const url = await balancer.call('url')
  const clientFile = await compiled('clients')
  const groups: Program<ClientCommands>[] = []
  for (let first = 0; first < CLIENTS; first += CLIENTS_OF_A_PROCESS) {
    const count = Math.min(CLIENTS_OF_A_PROCESS, CLIENTS - first)
    const args = [url, ...[CLIENTS, first, count].map(String)]
    groups.push(new Program(clientFile, args))
  }
  for (const group of groups) await group.call('connect')
  await servers.call('publish')
  for (const group of groups) await group.call('request')

  const drains: { had: number; left: number; from: number }[] = []
  for (const port of old) {
    await start()
    await balancer.call('remove', port)
    drains.push(await servers.call('leave', { port, windowMs: WINDOW_MS }))
  }

  const requests = await Promise.all(groups.map((group) => group.call('finish')))
  const { published, applied, repeated, errors } = await servers.call('finish')
  const records = (await Promise.all(groups.map((group) => group.call('story', published)))).flat()

  // Every request was answered, and carried out once.
  expect(requests.flatMap(({ refused }) => refused)).toEqual([])
  expect(repeated).toEqual([])
  expect(applied).toBe(requests.reduce((sum, { requests }) => sum + requests, 0))
  expect(applied).toBeGreaterThan(0)
  expect(errors).toEqual([])

  // Every client received every event once and in order, without errors.
  const all = Array.from({ length: published }, (_, n) => n + 1)
  for (const { received } of records) expect(received).toEqual(all)
  expect(records.flatMap(({ faults }) => faults)).toEqual([])

  // All clients left each server, and no client dialled for another reason.
  expect(drains.map(({ left }) => left)).toEqual([0, 0, 0])
  const moves = records.reduce((sum, { sockets }) => sum + sockets.length - 1, 0)
  expect(moves).toBe(drains.reduce((sum, { had }) => sum + had, 0))
  expect(records.every(({ sockets }) => sockets.length > 1)).toBe(true)

  for (const { sockets, share } of records) {
    for (const [n, { dialled, welcomed }] of sockets.slice(1).entries()) {
      // The former connection is closed after the next one is welcomed.
      expect(sockets[n]?.closed).toBeGreaterThanOrEqual(welcomed ?? Number.POSITIVE_INFINITY)
      // No client moves before its share of the window has passed.
      const from = Math.max(...drains.map((drain) => drain.from).filter((at) => at <= dialled))
      expect(dialled - from).toBeGreaterThanOrEqual(share * WINDOW_MS - EARLY_MS)
    }
  }
}, 300_000)
