/*
 * Dispatch: frames of about 200 bytes that arrive at a client, each for the handler of one channel of
 * 1, 100 or 10,000. The floor parses the same bytes, finds the handler in a Map, and calls it.
 */
import {
  cableSocketClass,
  nativeSocketClass,
  phoenixSocketClass,
  socketioOver,
  socketioSocketClass,
} from '../fake-socket.js'
import {
  assertCount,
  built,
  bytesEach,
  interleave,
  nextTurn,
  ratio,
  runOnce,
  stopwatch,
} from '../harness.js'

const TITLE = 'Write the report for the meeting on Tuesday, and send it to all of them'
/** Frames that arrive in one turn of the event loop. */
const PER_TURN = 1_000
/** Frames before the measured ones, while code is compiled. */
const WARM_UP = 20_000

const named = (count) => Array.from({ length: count }, (_, index) => `room:${index}`)
const cable = (name) => JSON.stringify({ channel: 'RoomChannel', room: name })

/**
 * For each library: the text of a frame; `floor`, which returns the least code that passes such
 * texts to handlers; and `connect`, which subscribes the handlers, and returns the function that
 * receives texts.
 */
const libraries = {
  wirefold: {
    frame(channel, offset, payload) {
      const timestamp = 1_700_000_000_000 + offset
      return JSON.stringify({ type: 'task:updated', channel, offset, timestamp, payload })
    },
    floor: (handlers) => (text) => {
      const { channel, payload } = JSON.parse(text)
      handlers.get(channel)(payload)
    },
    async connect(handlers) {
      const { ChannelSubscriber, RealtimeClient } = await built('index')
      const WebSocket = nativeSocketClass()
      const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket })
      const channels = new ChannelSubscriber(client)
      const subscriptions = [...handlers].map((entry) => channels.subscribe(...entry))
      await Promise.all(subscriptions.map(({ ready }) => ready))
      return (text) => WebSocket.last.receive(text)
    },
  },
  phoenix: {
    frame: (channel, _, payload) => JSON.stringify([null, null, channel, 'updated', payload]),
    floor: (handlers) => (text) => {
      const [, , channel, , payload] = JSON.parse(text)
      handlers.get(channel)(payload)
    },
    async connect(handlers) {
      const { Socket } = await import('phoenix')
      const WebSocket = phoenixSocketClass()
      const socket = new Socket('ws://127.0.0.1/socket', { transport: WebSocket })
      socket.connect()
      for (const [name, handler] of handlers) {
        const channel = socket.channel(name)
        channel.on('updated', handler)
        await new Promise((resolve) => channel.join().receive('ok', resolve))
      }
      return (text) => WebSocket.last.receive(text)
    },
  },
  anycable: {
    frame: (channel, _, message) => JSON.stringify({ identifier: cable(channel), message }),
    floor: (handlers) => (text) => {
      const { identifier, message } = JSON.parse(text)
      handlers.get(identifier)(message)
    },
    nameOf: cable,
    async connect(handlers) {
      const { Channel, createCable } = await import('@anycable/core')
      class RoomChannel extends Channel {
        static identifier = 'RoomChannel'
      }
      const WebSocket = cableSocketClass()
      const client = createCable('ws://127.0.0.1/cable', { websocketImplementation: WebSocket })
      const joined = [...handlers].map(async ([identifier, handler]) => {
        const channel = new RoomChannel({ room: JSON.parse(identifier).room })
        channel.on('message', handler)
        client.subscribe(channel)
        await channel.ensureSubscribed()
      })
      await Promise.all(joined)
      return (text) => WebSocket.last.receive(text)
    },
  },
  'socket.io': {
    // It has no channels: each handler has an event of its own.
    frame: (channel, _, payload) => `42${JSON.stringify([channel, payload])}`,
    floor: (handlers) => (text) => {
      const [event, payload] = JSON.parse(text.slice(2))
      handlers.get(event)(payload)
    },
    async connect(handlers) {
      const WebSocket = socketioSocketClass()
      const io = await socketioOver(WebSocket)
      const socket = io('http://127.0.0.1', { transports: ['websocket'] })
      await new Promise((resolve) => socket.once('connect', resolve))
      for (const [event, handler] of handlers) socket.on(event, handler)
      return (text) => WebSocket.last.receive(text)
    },
  },
}

/** Returns the texts of all frames, as a socket delivers them: flat strings, none of them shared. */
function framesOf({ frame }, names, count) {
  const offsets = new Uint32Array(names.length)
  return Array.from({ length: count }, (_, n) => {
    const c = Math.imul(n, 2_654_435_761) >>> 0
    const channel = c % names.length
    offsets[channel]++
    const payload = { id: `task-${n}`, room: channel, n, title: TITLE, done: false }
    return Buffer.from(frame(names[channel], offsets[channel], payload)).toString()
  })
}

/** Delivers all frames with a library, or with its floor, and checks what the handlers received. */
async function prepare({ library, channels, frames }, isFloor) {
  const own = libraries[library]
  const names = named(channels)
  const texts = framesOf(own, names, WARM_UP + frames)
  let received = 0
  let wrong = 0
  const handlers = names.map((name, room) => {
    let last = -1
    const handler = (payload) => {
      received++
      if (payload.room !== room || payload.n <= last || payload.title.length !== TITLE.length) {
        wrong++
      }
      last = payload.n
    }
    return [own.nameOf?.(name) ?? name, handler]
  })
  const receive = isFloor ? own.floor(new Map(handlers)) : await own.connect(new Map(handlers))
  const deliver = async (from, to) => {
    for (let at = from; at < to; at += PER_TURN) {
      const end = Math.min(at + PER_TURN, to)
      for (let n = at; n < end; n++) receive(texts[n])
      await nextTurn()
    }
  }
  return {
    /** Returns the bytes that a frame allocates, for the test of the limits. */
    async allocated() {
      await deliver(0, WARM_UP)
      return bytesEach(frames, () => deliver(WARM_UP, texts.length))
    },
    async run() {
      await deliver(0, WARM_UP)
      const stop = stopwatch()
      await deliver(WARM_UP, texts.length)
      const times = stop()
      assertCount(`${library}, received`, received, texts.length)
      assertCount(`${library}, at the wrong handler or with wrong contents`, wrong, 0)
      return times
    },
  }
}

export const roles = {
  library: (params) => prepare(params, false),
  floor: (params) => prepare(params, true),
}

const MUST = { 1: 1.18, 100: 1.2, 10000: 1.25 }

export async function measure({ quick }) {
  const frames = quick ? 20_000 : 200_000
  const rounds = quick ? 3 : 5
  const figures = []
  for (const channels of [1, 100, 10_000]) {
    const results = {}
    for (const library of Object.keys(libraries)) {
      // Phoenix searches a list of all channels for each frame.
      const fewer = library === 'phoenix' && channels > 1_000
      const params = { library, channels, frames: fewer ? frames / 20 : frames }
      const samples = await interleave(fewer ? 3 : rounds, ['library', 'floor'], (role) =>
        runOnce('dispatch', role, params),
      )
      results[library] = {
        value: ratio(samples, 'library', 'floor', ({ cpuMs }) => cpuMs),
        beside: `wall ${ratio(samples, 'library', 'floor', ({ wallMs }) => wallMs).toFixed(2)}`,
      }
    }
    figures.push({ name: `channels: ${channels}`, unit: '× floor', must: MUST[channels], results })
  }
  return { title: `Dispatch of ${frames} frames, CPU time`, figures }
}
