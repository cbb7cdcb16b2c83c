/*
 * Fan-out: CPU time of a server for each delivery of a broadcast to 1,000 and to 5,000 connections, at
 * 1 and at 10 messages a turn of the event loop. The floor makes the frame of a message once, and
 * writes it to each socket.
 */
import { createServer } from 'node:http'
import {
  assertCount,
  built,
  bytesEach,
  interleave,
  median,
  nextTurn,
  ratio,
  start,
} from '../harness.js'

/** The payload of an event; the event has about 200 bytes. */
const PAYLOAD = { id: 'task-1', title: 'x'.repeat(80), done: false }
/** Occurs once in every event, and in no other message. */
const MARK = Buffer.from('"number":')
/**
 * The limit of deliveries in flight: above it, queues would grow; at 0, the server would be idle at
 * times.
 */
const MOST_UNDER_WAY = 20_000
const PER_CLIENT_PROCESS = 2_500
const PROGRESS_MS = 5
const UNLIMITED = 100_000_000

/** For each variant, the server: its port, and the function that publishes an event. */
const servers = {
  floor: () => plain(writeToAll),
  'ws, naive': () => plain(sendToAll),
  wirefold: () => wirefold({}),
  'wirefold, filtered': () => wirefold({ canReceive: () => true }),
  async 'socket.io'() {
    const { Server } = await import('socket.io')
    const http = createServer()
    const io = new Server(http, { transports: ['websocket'] })
    io.on('connection', (socket) => socket.join('news'))
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
    const publish = (number) => io.to('news').emit('entity:updated', { ...PAYLOAD, number })
    return { port: http.address().port, publish }
  },
}

async function wirefold(options) {
  const { createRealtimeServer } = await built('server')
  const limits = {
    perAddress: { connections: UNLIMITED },
    perUser: { messagesPerSecond: UNLIMITED, subscribesPerSecond: UNLIMITED },
  }
  const server = createRealtimeServer({ ...options, limits, onError: console.error })
  const { port } = await server.listen()
  const publish = (number) => server.publish('news', 'entity:updated', { ...PAYLOAD, number })
  return { port, publish }
}

async function plain(broadcast) {
  const { Sender, WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await new Promise((resolve) => server.on('listening', resolve))
  const publish = (number) => {
    const event = { type: 'entity:updated', channel: 'news', payload: { ...PAYLOAD, number } }
    broadcast(server.clients, JSON.stringify(event), Sender)
  }
  return { port: server.address().port, publish }
}

function sendToAll(sockets, text) {
  for (const socket of sockets) socket.send(text)
}

function writeToAll(sockets, text, Sender) {
  const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }
  const frame = Buffer.concat(Sender.frame(Buffer.from(text), options))
  for (const socket of sockets) socket._socket.write(frame)
}

async function serve({ variant, connections }) {
  const { port, publish } = await servers[variant]()
  let received = 0
  let wake = () => {}
  const drained = async (most, sent = received) => {
    while (sent - received > most) {
      await new Promise((resolve) => {
        wake = resolve
      })
    }
  }
  let number = 0
  return {
    info: { port },
    notice(count) {
      received += count
      wake()
    },
    rss() {
      globalThis.gc()
      return process.memoryUsage.rss()
    },
    /** Publishes for a while, until all is received; returns the CPU time of the deliveries. */
    async run(perTurn, ms) {
      const [before, cpu, start] = [received, process.cpuUsage(), performance.now()]
      let sent = before
      while (performance.now() - start < ms) {
        for (let n = 0; n < perTurn; n++) publish(++number)
        sent += perTurn * connections
        await new Promise(setImmediate)
        await drained(MOST_UNDER_WAY, sent)
      }
      await drained(0, sent)
      const { user, system } = process.cpuUsage(cpu)
      const delivered = received - before
      const seconds = (performance.now() - start) / 1_000
      return { delivered, perSecond: delivered / seconds, cpuMicros: (user + system) / delivered }
    },
    published: () => number,
  }
}

/** Connects WebSockets that count the events; the first one reads all of them. */
async function listen({ variant, port, count }, notify) {
  const { WebSocket } = await import('ws')
  const isSocketio = variant === 'socket.io'
  const isNative = variant.startsWith('wirefold')
  const paths = isSocketio ? '/socket.io/?EIO=4&transport=websocket' : isNative ? '/ws' : '/'
  const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: ['news'] } }
  const greeting = JSON.stringify([{ type: 'hello', payload: { protocol: 1 } }, subscribe])
  let received = 0
  let reported = 0
  const read = []

  const handle = (data, isFirst, resolve, socket) => {
    if (isSocketio && data[0] === 0x32) return socket.send('3')
    if (isSocketio && data[0] === 0x30) return socket.send('40')
    if (isSocketio && data.includes('"sid"')) return resolve()
    if (data.includes('"subscribed"')) return resolve()
    for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at + MARK.length)) received++
    if (!isFirst) return
    const value = JSON.parse(isSocketio ? data.subarray(2) : data)
    if (isSocketio) read.push(value[1])
    else for (const { payload } of [value].flat()) read.push(payload)
  }
  const connect = (isFirst) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${paths}`, { perMessageDeflate: false })
      socket.on('error', reject)
      socket.on('open', () => {
        if (isNative) socket.send(greeting)
        else if (!isSocketio) resolve()
      })
      socket.on('message', (data) => handle(data, isFirst, resolve, socket))
      socket.on('close', () => process.exit())
    })

  // In small groups, because the backlog of a listening socket is short.
  for (let at = 0; at < count; at += 50) {
    const group = Array.from({ length: Math.min(count - at, 50) }, (_, n) => connect(at + n === 0))
    await Promise.all(group)
  }
  setInterval(() => {
    if (received === reported) return
    notify(received - reported)
    reported = received
  }, PROGRESS_MS)
  return {
    /** Returns how many events the first client received, or -1 if they were not the published. */
    read() {
      const isRight = (event, n) => event.number === n + 1 && event.title === PAYLOAD.title
      return read.every(isRight) ? read.length : -1
    },
  }
}

/** A server with connections in memory, for the test of the limits. */
async function alone({ connections }) {
  const { nativeMount, WebSocketManager } = await built('server')
  const manager = new WebSocketManager({ onError: console.error })
  const mount = nativeMount()
  const request = { headers: {}, url: '/ws', query: new URLSearchParams(), params: new Map() }
  const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: ['news'] } }
  const greeting = JSON.stringify([{ type: 'hello', payload: { protocol: 1 } }, subscribe])
  let frames = 0
  const raw = () => ({
    bufferedAmount: 0,
    write: () => frames++,
    pause() {},
    resume() {},
    close() {},
  })
  const connect = async (count) => {
    for (let n = 0; n < count; n++) manager.accept(raw(), request, mount).text(greeting, 200)
    for (let n = 0; n < 20; n++) await nextTurn()
  }
  const publish = async (turns) => {
    const before = frames
    for (let number = 0; number < turns; number++) {
      manager.broadcast('news', 'entity:updated', { ...PAYLOAD, number })
      await nextTurn()
    }
    assertCount('frames', frames - before, turns * manager.stats().subscriptions)
  }
  return {
    /** Returns the bytes that the delivery of an event to one connection allocates. */
    async allocated() {
      await connect(connections)
      await publish(20)
      return bytesEach(20 * connections, () => publish(20))
    },
    /** Returns the bytes that a connection with one channel keeps. */
    async kept() {
      await connect(10)
      globalThis.gc()
      const before = process.memoryUsage().heapUsed
      await connect(connections)
      for (let n = 0; n < 3; n++) {
        await nextTurn()
        globalThis.gc()
      }
      return (process.memoryUsage().heapUsed - before) / (manager.stats().subscriptions - 10)
    },
  }
}

export const roles = { serve, listen, alone }

const PER_TURN = [1, 10]

async function measureVariant(variant, connections, ms) {
  const server = await start('fan-out', 'serve', { variant, connections }, ['--expose-gc'])
  const empty = await server.call('rss')
  const clients = []
  for (let left = connections; left > 0; left -= PER_CLIENT_PROCESS) {
    const count = Math.min(left, PER_CLIENT_PROCESS)
    const client = await start('fan-out', 'listen', { variant, port: server.info.port, count })
    client.notices((received) => server.notify(received))
    clients.push(client)
  }
  const sample = { rss: ((await server.call('rss')) - empty) / connections }
  for (const perTurn of PER_TURN) {
    await server.call('run', perTurn, ms / 4)
    sample[perTurn] = await server.call('run', perTurn, ms)
  }
  const published = await server.call('published')
  for (const client of clients) {
    assertCount(`${variant}, events in order`, await client.call('read'), published)
    client.kill()
  }
  server.kill()
  return sample
}

const MUST = { 1: 1.15, 10: 0.14 }

export async function measure({ quick }) {
  const figures = []
  const sizes = quick ? [200] : [1_000, 5_000]
  for (const connections of sizes) {
    const isLarge = connections > 1_000
    const variants = Object.keys(servers).filter((name) => !isLarge || !name.includes('filtered'))
    const samples = await interleave(quick ? 2 : isLarge ? 3 : 5, variants, (variant) =>
      measureVariant(variant, connections, quick ? 500 : 2_000),
    )
    for (const perTurn of PER_TURN) {
      const results = {}
      for (const variant of variants.slice(1)) {
        const value = ratio(samples, variant, 'floor', (sample) => sample[perTurn].cpuMicros)
        const perSecond = ratio(samples, variant, 'floor', (sample) => sample[perTurn].perSecond)
        results[variant] = { value, beside: `${perSecond.toFixed(2)} of its deliveries/s` }
      }
      const name = `${connections} connections, ${perTurn} a turn`
      figures.push({ name, unit: '× floor', must: MUST[perTurn], results })
    }
    const results = {}
    for (const variant of variants) {
      results[variant] = { value: median(samples.get(variant).map(({ rss }) => rss)) / 1_024 }
    }
    const name = `RSS a connection, of ${connections}`
    figures.push({ name, unit: 'KiB', must: 20, results })
  }
  return { title: 'Server fan-out, CPU time of a delivery', figures }
}
