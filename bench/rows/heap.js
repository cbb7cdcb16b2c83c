/*
 * Heap: bytes that a subscription keeps, with and without its handle, and an idle client. Names and
 * handlers exist before: they are the application's.
 */
import {
  cableSocketClass,
  fakeSocketClass,
  nativeSocketClass,
  phoenixSocketClass,
  socketioOver,
  socketioSocketClass,
} from '../fake-socket.js'
import { built, interleave, median, nextTurn, runOnce } from '../harness.js'

const SUBSCRIPTIONS = 10_000
const CLIENTS = 500

/** Returns the heap in use after all garbage was collected, in bytes. */
async function heap() {
  for (let n = 0; n < 3; n++) {
    await nextTurn()
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

/** For each library: returns the function that subscribes, and its handle. */
const subscribers = {
  async wirefold() {
    const { ChannelSubscriber, RealtimeClient } = await built('index')
    const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket: nativeSocketClass() })
    const channels = new ChannelSubscriber(client)
    return async (name, handler) => {
      const handle = channels.subscribe(name, handler)
      await handle.ready
      return handle
    }
  },
  async phoenix() {
    const { Socket } = await import('phoenix')
    const socket = new Socket('ws://127.0.0.1/socket', { transport: phoenixSocketClass() })
    socket.connect()
    return async (name, handler) => {
      const channel = socket.channel(name)
      channel.on('updated', handler)
      await new Promise((resolve) => channel.join().receive('ok', resolve))
      return channel
    }
  },
  async 'socket.io'() {
    const io = await socketioOver(socketioSocketClass())
    const socket = io('http://127.0.0.1', { transports: ['websocket'] })
    await new Promise((resolve) => socket.once('connect', resolve))
    return async (name, handler) => {
      socket.on(name, handler)
    }
  },
  async centrifuge() {
    const { Centrifuge } = await import('centrifuge')
    const websocket = fakeSocketClass((socket, text) => {
      const replies = text.split('\n').map((line) => {
        const { id, connect } = JSON.parse(line)
        return JSON.stringify(
          connect
            ? { id, connect: { client: 'c', version: '6', ping: 1e6 } }
            : { id, subscribe: {} },
        )
      })
      queueMicrotask(() => socket.receive(replies.join('\n')))
    })
    const client = new Centrifuge('ws://127.0.0.1/', { websocket })
    client.connect()
    await client.ready()
    return async (name, handler) => {
      const subscription = client.newSubscription(name)
      subscription.on('publication', handler)
      subscription.subscribe()
      await subscription.ready()
      return subscription
    }
  },
}

/** For each library: returns the function that makes a client, which resolves once it is connected. */
const makers = {
  async wirefold() {
    const { ChannelSubscriber, RealtimeClient } = await built('index')
    const WebSocket = nativeSocketClass()
    return async () => {
      const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket })
      await client.connect()
      return [client, new ChannelSubscriber(client)]
    }
  },
  async phoenix() {
    const { Socket } = await import('phoenix')
    const transport = phoenixSocketClass()
    return async () => {
      const socket = new Socket('ws://127.0.0.1/socket', { transport })
      const opened = new Promise((resolve) => socket.onOpen(resolve))
      socket.connect()
      await opened
      return socket
    }
  },
  async actioncable() {
    // It expects the globals of a page.
    globalThis.document = { visibilityState: 'visible' }
    globalThis.addEventListener = () => {}
    globalThis.removeEventListener = () => {}
    const { adapters, createConsumer } = await import('@rails/actioncable')
    adapters.WebSocket = cableSocketClass()
    return async () => {
      const consumer = createConsumer('ws://127.0.0.1/cable')
      consumer.connect()
      await nextTurn()
      return consumer
    }
  },
  async 'socket.io'() {
    const io = await socketioOver(socketioSocketClass())
    return async () => {
      const socket = io('http://127.0.0.1', { transports: ['websocket'], forceNew: true })
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    }
  },
}

export const roles = {
  async subscriptions({ library, keep }) {
    const subscribe = await subscribers[library]()
    const names = Array.from({ length: SUBSCRIPTIONS + 1 }, (_, n) => `room:${n}`)
    const handlers = names.map((_, n) => () => n)
    const handles = new Array(SUBSCRIPTIONS).fill(undefined)
    return {
      async run() {
        await subscribe(names[SUBSCRIPTIONS], handlers[SUBSCRIPTIONS])
        const before = await heap()
        for (let n = 0; n < SUBSCRIPTIONS; n++) {
          const handle = await subscribe(names[n], handlers[n])
          if (keep) handles[n] = handle
        }
        const bytes = ((await heap()) - before) / SUBSCRIPTIONS
        // Read afterwards, so that neither is collected before.
        return names.length === handlers.length && handles.length ? bytes : 0
      },
    }
  },
  async clients({ library }) {
    const make = await makers[library]()
    const clients = new Array(CLIENTS).fill(undefined)
    return {
      async run() {
        const first = await make()
        const before = await heap()
        for (let n = 0; n < CLIENTS; n++) clients[n] = await make()
        const bytes = ((await heap()) - before) / CLIENTS
        // Read afterwards, so that none is collected before.
        return clients.includes(first) ? 0 : bytes
      },
    }
  },
}

async function bytesOf(rounds, role, libraries, params) {
  const samples = await interleave(rounds, libraries, (library) =>
    runOnce('heap', role, { library, ...params }, ['--expose-gc']),
  )
  return Object.fromEntries(
    libraries.map((library) => [library, { value: median(samples.get(library)) }]),
  )
}

export async function measure({ quick }) {
  const rounds = quick ? 1 : 3
  const subscribed = Object.keys(subscribers)
  const figure = (name, must, results) => ({ name, unit: 'B', must, results })
  return {
    title: 'Heap of a client, in bytes',
    figures: [
      figure('a subscription', 400, await bytesOf(rounds, 'subscriptions', subscribed, {})),
      figure(
        'a subscription with its handle',
        600,
        await bytesOf(rounds, 'subscriptions', subscribed, { keep: true }),
      ),
      figure('an idle client', 13_000, await bytesOf(rounds, 'clients', Object.keys(makers), {})),
    ],
  }
}
