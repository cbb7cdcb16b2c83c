/*
 * Connect: CPU time of a server for a client that connects, greets and subscribes to one channel, and
 * for one that moves to another server when its own drains. The floor does the same with `ws`: one
 * message there, one back, and a Map of the members. All clients are in a process of their own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { assertCount, built, interleave, ratio, start } from '../harness.js'

const UNLIMITED = 100_000_000
const CHANNEL = 'news'

function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** For each variant, two servers: urls, the number of members of both, and the move to the second. */
const servers = {
  async floor() {
    const { WebSocketServer } = await import('ws')
    const members = new Map([[CHANNEL, new Set()]])
    const open = async () => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
      await new Promise((resolve) => server.on('listening', resolve))
      server.on('connection', (socket) => {
        socket.on('message', (data) => {
          const [hello, { requestId, payload }] = JSON.parse(data)
          const welcome = { type: 'welcome', payload: { clientId: hello.payload.clientId } }
          const at = {}
          for (const channel of payload.channels) {
            members.get(channel).add(socket)
            at[channel] = ['e', 0]
          }
          socket.send(JSON.stringify([welcome, { type: 'subscribed', requestId, payload: { at } }]))
        })
        socket.on('close', () => members.get(CHANNEL).delete(socket))
      })
      return server
    }
    const both = [await open(), await open()]
    return {
      urls: both.map((server) => `ws://127.0.0.1:${server.address().port}`),
      members: () => members.get(CHANNEL).size,
      drain(windowMs) {
        const text = JSON.stringify({ type: 'goaway', payload: { windowMs } })
        for (const socket of both[0].clients) socket.send(text)
      },
      left: () => both[0].clients.size,
    }
  },
  async wirefold() {
    const { createRealtimeServer, MemoryBroker } = await built('server')
    const broker = new MemoryBroker()
    const perUser = { messagesPerSecond: UNLIMITED, subscribesPerSecond: UNLIMITED }
    const limits = { perAddress: { connections: UNLIMITED }, perUser }
    const both = [
      createRealtimeServer({ broker, limits }),
      createRealtimeServer({ broker, limits }),
    ]
    const urls = []
    for (const server of both) urls.push((await server.listen()).url)
    return {
      urls,
      members: () => both.reduce((sum, server) => sum + server.stats().subscriptions, 0),
      drain: (windowMs) => void both[0].drain({ windowMs, deadlineMs: 60_000 }),
      left: () => both[0].stats().connections,
    }
  },
}

/** Returns a client of the floor: it connects, subscribes, and moves when it is asked to. */
async function plainClient(WebSocket, urls) {
  let requestId = 0
  const join = (url) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { perMessageDeflate: false })
      socket.on('error', reject)
      socket.on('open', () => {
        const hello = { type: 'hello', payload: { protocol: 1, clientId: 'c' } }
        const payload = { channels: [CHANNEL] }
        socket.send(JSON.stringify([hello, { type: 'subscribe', requestId: ++requestId, payload }]))
      })
      socket.on('message', async (data) => {
        const message = JSON.parse(data)
        if (Array.isArray(message)) return resolve(socket)
        await sleep(Math.random() * message.payload.windowMs)
        await join(urls[1])
        socket.close()
      })
    })
  await join(urls[0])
}

async function connectAll({ variant, urls, count, windowMs }) {
  const { WebSocket } = await import('ws')
  const { ChannelSubscriber, RealtimeClient } = await built('index')
  /** The address of new sockets, as chosen by a load balancer. */
  let target = urls[0]
  class Balanced extends WebSocket {
    constructor(_, protocols) {
      super(target, protocols, { perMessageDeflate: false })
    }
  }
  const connect = {
    floor: () => plainClient(WebSocket, urls),
    async wirefold() {
      const client = new RealtimeClient(urls[0], { WebSocket: Balanced })
      await new ChannelSubscriber(client).subscribe(CHANNEL, () => {}).ready
    },
  }
  return {
    async connect() {
      // Spread like the moves, since connects in the same turn of the event loop share its cost.
      const each = async () => {
        await sleep(Math.random() * windowMs)
        await connect[variant]()
      }
      await Promise.all(Array.from({ length: count }, each))
      target = urls[1]
    },
    cpuMs,
  }
}

export const roles = {
  async servers({ variant }) {
    const { urls, ...methods } = await servers[variant]()
    return { info: { urls }, ...methods, cpuMs }
  },
  clients: connectAll,
}

async function measureVariant(variant, count, windowMs) {
  const server = await start('connect', 'servers', { variant })
  const { urls } = server.info
  const sample = {}
  // The first clients are not counted, since code is not compiled yet. They stay.
  const warm = await start('connect', 'clients', { variant, urls, count: count / 2, windowMs })
  await warm.call('connect')
  const clients = await start('connect', 'clients', { variant, urls, count, windowMs })
  const step = async (run) => {
    const before = [await server.call('cpuMs'), await clients.call('cpuMs')]
    await run()
    const after = [await server.call('cpuMs'), await clients.call('cpuMs')]
    return { server: after[0] - before[0], clients: after[1] - before[1] }
  }
  sample.connect = await step(() => clients.call('connect'))
  assertCount(`${variant}, members`, await server.call('members'), count * 1.5)
  warm.kill()
  while ((await server.call('left')) > count) await sleep(50)
  sample.move = await step(async () => {
    await server.call('drain', windowMs)
    while ((await server.call('left')) > 0) await sleep(50)
  })
  assertCount(`${variant}, members after the move`, await server.call('members'), count)
  clients.kill()
  server.kill()
  return { ...sample, count }
}

export async function measure({ quick }) {
  const samples = await interleave(quick ? 2 : 5, ['floor', 'wirefold'], (variant) =>
    measureVariant(variant, quick ? 200 : 1_000, quick ? 500 : 2_000),
  )
  const figure = (name, step) => {
    const value = ratio(samples, 'wirefold', 'floor', (sample) => sample[step].server)
    const clients = ratio(samples, 'wirefold', 'floor', (sample) => sample[step].clients)
    const each = samples.get('wirefold').map((sample) => sample[step].server / sample.count)
    const ms = each.sort((one, other) => one - other)[each.length >> 1]
    const beside = `${ms.toFixed(2)} ms; the clients ${clients.toFixed(2)}`
    return { name, unit: '× floor', must: 1.4, results: { wirefold: { value, beside } } }
  }
  return {
    title: 'Connect, greeting and one subscribe, CPU time of the server',
    figures: [figure('connect', 'connect'), figure('move by drain', 'move')],
  }
}
