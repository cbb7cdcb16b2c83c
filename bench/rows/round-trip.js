/*
 * Round trip: requests per second between a client and a server on loopback, each in a process of its
 * own, with 1 and with 64 requests under way, as a share of those of `ws` alone. The floor sends JSON
 * with an id, and finds the promise of an answer in a Map.
 */
import { createServer } from 'node:http'
import { fakeSocketClass, nativeWelcome } from '../fake-socket.js'
import { assertCount, built, bytesEach, interleave, ratio, start, stopwatch } from '../harness.js'

const TITLE = 'Write the report for the meeting on Tuesday, and send it to all of them'
/** Requests before the measured ones: a number, since a busy machine sends few in a time. */
const WARM_UP = 40_000
const UNLIMITED = 100_000_000

/** For each library, the server: returns its port. All of them answer with the payload. */
const servers = {
  async floor() {
    return listen((socket) => {
      socket.on('message', (data) => {
        const { requestId, payload } = JSON.parse(data)
        socket.send(JSON.stringify({ requestId, payload }))
      })
    })
  },
  async wirefold() {
    const { createRealtimeServer, MemoryBroker } = await built('server')
    const rates = { messagesPerSecond: UNLIMITED, bytesPerSecond: UNLIMITED }
    const server = createRealtimeServer({
      // Checked for each message all the same. Replies are remembered for a second: forgetting them
      // is part of the work.
      limits: { ...rates, dedupeMs: 1_000, perUser: rates },
      broker: new MemoryBroker({ replies: { userBytes: UNLIMITED, userRequests: UNLIMITED } }),
    })
    server.handle('echo', (payload) => payload)
    return (await server.listen()).port
  },
  async phoenix() {
    // A stand-in for a server of Phoenix, which does not run on Node.
    return listen((socket) => {
      socket.on('message', (data) => {
        const [joinRef, ref, topic, , response] = JSON.parse(data)
        socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response }]))
      })
    })
  },
  async 'socket.io'() {
    const { Server } = await import('socket.io')
    const http = createServer()
    new Server(http, { transports: ['websocket'] }).on('connection', (socket) => {
      socket.on('echo', (payload, reply) => reply(payload))
    })
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
    return http.address().port
  },
}

async function listen(connected) {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await new Promise((resolve) => server.on('listening', resolve))
  server.on('connection', connected)
  return server.address().port
}

/** For each library, the client: returns a function that sends a request and returns its answer. */
const clients = {
  async floor(port) {
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
    const waiting = new Map()
    let last = 0
    socket.onmessage = ({ data }) => {
      const { requestId, payload } = JSON.parse(data)
      const resolve = waiting.get(requestId)
      waiting.delete(requestId)
      resolve(payload)
    }
    await new Promise((resolve) => socket.on('open', resolve))
    return (payload) =>
      new Promise((resolve) => {
        const requestId = ++last
        waiting.set(requestId, resolve)
        socket.send(JSON.stringify({ type: 'echo', requestId, payload }))
      })
  },
  async wirefold(port) {
    const { RealtimeClient } = await built('index')
    const { WebSocket } = await import('ws')
    const client = new RealtimeClient(`ws://127.0.0.1:${port}/ws`, { WebSocket })
    await client.connect()
    return (payload) => client.request('echo', payload)
  },
  async phoenix(port) {
    const { Socket } = await import('phoenix')
    const { WebSocket } = await import('ws')
    const socket = new Socket(`ws://127.0.0.1:${port}`, { transport: WebSocket })
    socket.connect()
    const channel = socket.channel('room')
    await new Promise((resolve) => channel.join().receive('ok', resolve))
    return (payload) =>
      new Promise((resolve) => {
        channel.push('echo', payload).receive('ok', resolve)
      })
  },
  async 'socket.io'(port) {
    const { io } = await import('socket.io-client')
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
    await new Promise((resolve) => socket.once('connect', resolve))
    return (payload) => new Promise((resolve) => socket.emit('echo', payload, resolve))
  },
}

export const roles = {
  async server({ library }) {
    const port = await servers[library]()
    let stop = stopwatch()
    return {
      info: { port },
      restart() {
        stop = stopwatch()
      },
      cpuMs: () => stop().cpuMs,
    }
  },
  async client({ library, port }) {
    const request = await clients[library](port)
    let sent = 0
    let wrong = 0
    const work = async (mayGoOn) => {
      while (mayGoOn()) {
        const n = ++sent
        const reply = await request({ n, title: TITLE, done: false })
        if (reply.n !== n || reply.title !== TITLE) wrong++
      }
    }
    const together = (concurrency, mayGoOn) =>
      Promise.all(Array.from({ length: concurrency }, () => work(mayGoOn)))
    return {
      /** Sends requests without measuring, while code is compiled: that for one at a time, too. */
      async warm(requests) {
        await together(64, () => sent < requests / 2)
        await together(1, () => sent < requests)
      },
      async run(concurrency, ms) {
        const [before, stop, end] = [sent, stopwatch(), performance.now() + ms]
        await together(concurrency, () => performance.now() < end)
        const times = stop()
        assertCount(`${library}, wrong replies`, wrong, 0)
        return { ...times, requests: sent - before }
      },
    }
  },
}

/** Client and server in one process, for a profile. */
roles.both = async ({ library, concurrency, ms }) => {
  const { run, warm } = await roles.client({ library, port: await servers[library]() })
  await warm(WARM_UP)
  return { run: () => run(concurrency, ms) }
}

/** A client whose server answers in its process, for the test of the limits. */
roles.alone = async () => {
  const { RealtimeClient } = await built('index')
  const WebSocket = fakeSocketClass((socket, text) => {
    const answers = [JSON.parse(text)]
      .flat()
      .map(({ type, requestId, payload }) =>
        type === 'hello' ? nativeWelcome : { type: 'reply', requestId, payload },
      )
    queueMicrotask(() => socket.receive(JSON.stringify(answers)))
  })
  const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket })
  const send = async (count) => {
    for (let n = 0; n < count; n++) await client.request('echo', n)
  }
  return {
    /** Returns the bytes that a request allocates, with the server's answer. */
    async allocated() {
      await send(2_000)
      return bytesEach(2_000, () => send(2_000))
    },
  }
}

const CONCURRENCY = [1, 64]
const MUST = { 1: 0.8, 64: 0.85 }

/** Measures one library: requests per second, and the CPU time of both sides, by concurrency. */
async function measureLibrary(library, ms) {
  const server = await start('round-trip', 'server', { library })
  const client = await start('round-trip', 'client', { library, port: server.info.port })
  const sample = {}
  await client.call('warm', WARM_UP)
  for (const concurrency of CONCURRENCY) {
    await server.call('restart')
    const { requests, wallMs, cpuMs } = await client.call('run', concurrency, ms)
    const serverMs = await server.call('cpuMs')
    sample[concurrency] = {
      perSecond: (requests * 1_000) / wallMs,
      perCpuSecond: (requests * 1_000) / (cpuMs + serverMs),
      clientMicros: (cpuMs * 1_000) / requests,
      serverMicros: (serverMs * 1_000) / requests,
    }
  }
  client.kill()
  server.kill()
  return sample
}

export async function measure({ quick }) {
  const libraries = Object.keys(servers)
  const samples = await interleave(quick ? 2 : 5, libraries, (library) =>
    measureLibrary(library, quick ? 500 : 2_000),
  )
  const figures = CONCURRENCY.map((concurrency) => {
    const share = (library, figure) =>
      ratio(samples, library, 'floor', (sample) => sample[concurrency][figure])
    const results = {}
    for (const library of libraries.slice(1)) {
      results[library] = {
        value: share(library, 'perSecond'),
        beside: `${share(library, 'perCpuSecond').toFixed(2)} of its requests a CPU second`,
      }
    }
    const name = `requests a second, ${concurrency} at a time`
    return { name, unit: 'of ws', more: true, must: MUST[concurrency], results }
  })
  return { title: 'Round trip on loopback', figures }
}
