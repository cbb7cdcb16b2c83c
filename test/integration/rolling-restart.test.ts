import { expect, it } from 'vitest'
import { ChannelSubscriber } from '../../src/index.ts'
import type { RealtimeServer } from '../../src/server/index.ts'
import { createRealtimeServer, MemoryBroker } from '../../src/server/index.ts'
import { balance } from '../support/balancer.ts'
import { connect, until } from '../support/live.ts'

const CLIENTS = 1_000
const WINDOW_MS = 3_000

it('a rolling restart of three servers under a thousand clients costs nobody anything', async () => {
  const broker = new MemoryBroker()
  const applied = new Map<string, number>()
  const front = await balance()
  const start = async () => {
    const server = createRealtimeServer({ broker, onError: () => {} })
    server.handle('apply', (payload) => {
      const key = String(payload)
      applied.set(key, (applied.get(key) ?? 0) + 1)
      return key
    })
    const { port } = await server.listen()
    front.backends.add(port)
    return { server, port }
  }
  let running = [await start(), await start(), await start()]

  const people = Array.from({ length: CLIENTS }, (_, person) => {
    const { client, errors } = connect(front.url, { requestTimeoutMs: 30_000 })
    const channels = new ChannelSubscriber(client)
    const heard: number[] = []
    const subscription = channels.subscribe<number>(`room:${person % 10}`, (n) => heard.push(n))
    const drops: number[] = []
    client.on('dropped', () => drops.push(person))
    return { client, errors, heard, subscription, drops, person }
  })
  await Promise.all(people.map(({ subscription }) => subscription.ready))

  let published = 0
  const anybody = (): RealtimeServer => {
    const [first] = running
    if (!first) throw new Error('Nobody runs.')
    return first.server
  }
  let going = true
  const publishing = (async () => {
    while (going) {
      published++
      for (let room = 0; room < 10; room++) {
        await anybody().publish(`room:${room}`, 'number', published)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })()
  const requests: Promise<unknown>[] = []
  const asking = (async () => {
    for (let n = 0; going; n++) {
      const { client, person } = people[(n * 37) % CLIENTS] ?? people[0] ?? { client: undefined }
      if (client) requests.push(client.request('apply', `${person}:${n}`))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()

  for (const old of running) {
    front.times.length = 0
    const fresh = await start()
    front.backends.delete(old.port)
    running = [fresh, ...running.filter((other) => other !== old)]
    await old.server.drain({ deadlineMs: 20_000, windowMs: WINDOW_MS })
    await old.server.close()
    const { times } = front
    // Not at once: most tenths of the window have some. How many each is up to the machine.
    const [first = 0] = times
    const tenths = new Set(times.map((at) => Math.floor((at - first) / (WINDOW_MS / 10))))
    expect(tenths.size).toBeGreaterThanOrEqual(7)
    expect(times.length).toBeGreaterThan(CLIENTS / 5)
  }
  going = false
  await Promise.all([publishing, asking])

  const answers = await Promise.allSettled(requests)
  expect(answers.filter(({ status }) => status === 'rejected')).toEqual([])
  expect([...applied.values()].filter((times) => times !== 1)).toEqual([])
  expect(applied.size).toBe(requests.length)
  const all = Array.from({ length: published }, (_, n) => n + 1)
  await until(() => {
    for (const { heard } of people) expect(heard.length).toBe(all.length)
  })
  for (const { heard } of people) expect(heard).toEqual(all)
  expect(people.flatMap(({ drops }) => drops)).toEqual([])
  expect(people.flatMap(({ errors }) => errors)).toEqual([])
  for (const { client } of people) client.close()
  await Promise.all(running.map(({ server }) => server.close()))
  await broker.close()
  front.close()
}, 120_000)
