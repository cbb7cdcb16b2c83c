/*
 * Reconnect: CPU time of a client that loses its connection with 10,000 subscriptions, until all of
 * them are live on the next one, and the frames that it sends. The server's share is not counted; it
 * has no event that a channel missed, and does not name the channels in its replies. The floor writes
 * names and offsets into frames of 64 KiB, and marks the channels of a reply as live.
 */
import { fakeSocketClass, nativeAnswers, socketioOver } from '../fake-socket.js'
import {
  assertCount,
  built,
  interleave,
  median,
  nextTurn,
  ratio,
  runOnce,
  stopwatch,
} from '../harness.js'

const CHANNELS = 10_000
/** Reconnects before the measured ones, while code is compiled. */
const WARM_UP = 10
const MEASURED = 15
const FRAME_CHARS = 64 * 1024

const names = Array.from({ length: CHANNELS }, (_, n) => `room:${n}`)

/**
 * For each library: `answers` of the server to a text, the nth event (`eventOf`) of a channel as text, the
 * `greeting` of the server, and `connect`, which subscribes all channels and returns `reconnect`.
 */
const libraries = {
  floor: {
    answers: (text) => [JSON.stringify(nativeAnswers(text))],
    eventOf: (channel) => JSON.stringify({ channel, payload: { room: channel } }),
    async connect(WebSocket, handlerOf) {
      const channels = new Map(
        names.map((name) => [name, { offset: 0, live: false, run: handlerOf(name) }]),
      )
      const waiting = new Map()
      let requestId = 0
      const subscribe = (socket) => {
        waiting.clear()
        for (const channel of channels.values()) channel.live = false
        let [group, chars] = [[], 0]
        const send = () => {
          waiting.set(++requestId, group)
          const payload = { channels: [], since: [['e', group]] }
          socket.send(JSON.stringify({ type: 'subscribe', requestId, payload }))
          group = []
          chars = 0
        }
        for (const [name, { offset }] of channels) {
          group.push(name, offset)
          chars += name.length + String(offset).length + 4
          if (chars > FRAME_CHARS - 200) send()
        }
        if (group.length) send()
      }
      const receive = ({ data }) => {
        const message = JSON.parse(data)
        if (!Array.isArray(message)) {
          const channel = channels.get(message.channel)
          if (channel.live) channel.run(message.payload)
          return
        }
        const group = waiting.get(message[0].requestId)
        for (let at = 0; at < group.length; at += 2) channels.get(group[at]).live = true
      }
      const dial = () => {
        const socket = new WebSocket('ws://127.0.0.1/')
        socket.onopen = () => subscribe(socket)
        socket.onmessage = receive
      }
      dial()
      return dial
    },
  },
  wirefold: {
    answers: (text) => [JSON.stringify(nativeAnswers(text))],
    // With an offset, since a channel that is not live drops such an event.
    eventOf: (channel, offset) =>
      JSON.stringify({ type: 'said', channel, offset, payload: { room: channel } }),
    async connect(WebSocket, handlerOf) {
      const { ChannelSubscriber, RealtimeClient } = await built('index')
      const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket, heartbeat: false })
      const channels = new ChannelSubscriber(client)
      for (const name of names) channels.subscribe(name, handlerOf(name))
      return () => void client.connect()
    },
  },
  'socket.io': {
    // It has no subscriptions: the application joins its rooms again, and awaits their acknowledgements.
    greeting: `0${JSON.stringify({ sid: 's', upgrades: [], pingInterval: 1e8, pingTimeout: 1e8 })}`,
    answers(text) {
      if (text === '40') return ['40{"sid":"n"}']
      return [`43${/^42(\d+)/.exec(text)[1]}[{"ok":true}]`]
    },
    eventOf: (channel) => `42${JSON.stringify([channel, { room: channel }])}`,
    async connect(WebSocket, handlerOf) {
      const io = await socketioOver(WebSocket)
      const socket = io('http://127.0.0.1', {
        ...{ transports: ['websocket'], reconnectionDelay: 1, randomizationFactor: 0 },
      })
      const live = new Set()
      socket.on('connect', () => {
        live.clear()
        for (const name of names) socket.emit('join', name, () => live.add(name))
      })
      for (const name of names) socket.on(name, handlerOf(name))
      return () => {}
    },
  },
  centrifuge: {
    answers(text) {
      const replies = text.split('\n').map((line) => {
        const { id, connect, subscribe } = JSON.parse(line)
        if (connect) return { id, connect: { client: 'c', version: '6', ping: 1e6 } }
        const recovered = subscribe.recover ? { was_recovering: true, recovered: true } : {}
        const position = { recoverable: true, positioned: true, epoch: 'e', offset: 0 }
        return { id, subscribe: { ...position, ...recovered } }
      })
      return [replies.map((reply) => JSON.stringify(reply)).join('\n')]
    },
    eventOf: (channel) => JSON.stringify({ push: { channel, pub: { data: { room: channel } } } }),
    async connect(WebSocket, handlerOf) {
      const { Centrifuge } = await import('centrifuge')
      const client = new Centrifuge('ws://127.0.0.1/', {
        ...{ websocket: WebSocket, minReconnectDelay: 1, maxReconnectDelay: 1, timeout: 60_000 },
      })
      for (const name of names) {
        const subscription = client.newSubscription(name)
        const handler = handlerOf(name)
        subscription.on('publication', ({ data }) => handler(data))
        subscription.subscribe()
      }
      client.connect()
      return () => {}
    },
  },
}

async function prepare({ library }) {
  const { answers, eventOf, greeting, connect } = libraries[library]
  let sent = []
  const WebSocket = fakeSocketClass((_, text) => sent.push(text))
  WebSocket.opens = false
  let received = 0
  const handlerOf = (name) => (payload) => {
    if (payload.room === name) received++
  }
  const reconnect = await connect(WebSocket, handlerOf)
  /** CPU time of the client since its connection was lost, in milliseconds. */
  let spent = 0

  /** Counts the CPU time of the client's part, until it has nothing more to do. */
  const counted = async (run) => {
    const stop = stopwatch()
    run()
    await nextTurn()
    spent += stop().cpuMs
  }
  const dialled = async (before) => {
    while (!WebSocket.last || WebSocket.last === before)
      await new Promise((go) => setTimeout(go, 1))
  }
  /** Opens the socket, and answers until the client sends nothing more; returns its frames. */
  const open = async () => {
    const socket = WebSocket.last
    let frames = 0
    await counted(() => {
      socket.open()
      if (greeting) socket.receive(greeting)
    })
    while (sent.length) {
      frames += sent.length
      const replies = sent.flatMap((text) => answers(text))
      sent = []
      await counted(() => {
        for (const reply of replies) socket.receive(reply)
      })
    }
    return frames
  }
  let events = 0
  const assertLive = async () => {
    received = 0
    events++
    for (const name of names) WebSocket.last.receive(eventOf(name, events))
    await nextTurn()
    assertCount(`${library}, live channels`, received, CHANNELS)
  }
  return {
    async run() {
      await nextTurn()
      await dialled(undefined)
      await open()
      await assertLive()
      let frames = 0
      const times = []
      for (let n = 0; n < WARM_UP + MEASURED; n++) {
        spent = 0
        const socket = WebSocket.last
        await counted(() => socket.drop())
        await counted(reconnect)
        await dialled(socket)
        frames = await open()
        times.push(spent)
        await assertLive()
      }
      return { cpuMs: median(times.slice(WARM_UP)), frames }
    },
  }
}

export const roles = { library: prepare }

export async function measure({ quick }) {
  const samples = await interleave(quick ? 2 : 5, Object.keys(libraries), (library) =>
    runOnce('reconnect', 'library', { library }),
  )
  const [times, frames] = [{}, {}]
  for (const library of Object.keys(libraries).slice(1)) {
    const own = samples.get(library)
    const value = ratio(samples, library, 'floor', ({ cpuMs }) => cpuMs)
    times[library] = { value, beside: `${median(own.map(({ cpuMs }) => cpuMs)).toFixed(1)} ms` }
    frames[library] = { value: median(own.map((sample) => sample.frames)) }
  }
  return {
    title: `Reconnect with ${CHANNELS} subscriptions, CPU time of the client`,
    figures: [
      { name: 'time', unit: '× floor', must: 3.5, results: times },
      { name: 'frames', unit: '', must: 4, results: frames },
    ],
  }
}
