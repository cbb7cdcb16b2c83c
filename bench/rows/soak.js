/*
 * Soak: one hour on a clock that the benchmark moves, with 1,000 reconnects and 10 million messages on
 * 100 channels. The heap after a half and at the end are compared; every message must reach
 * its handler once. Run with fewer of both by default: `npm run bench:soak` is the whole.
 */
import { nativeSocketClass } from '../fake-socket.js'
import { assertCount, built, nextTurn, runOnce } from '../harness.js'

const HOUR_MS = 3_600_000
const CHANNELS = 100
const SAMPLES = 10
const TITLE = 'Write the report for the meeting on Tuesday, and send it to all of them'

export const roles = {
  async hour({ reconnects, messages }) {
    const { ChannelSubscriber, RealtimeClient } = await built('index')
    const { ManualClock } = await built('testing')
    const clock = new ManualClock()
    const WebSocket = nativeSocketClass()
    const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket, clock })
    const channels = new ChannelSubscriber(client)
    const names = Array.from({ length: CHANNELS }, (_, n) => `room:${n}`)
    const offsets = new Uint32Array(CHANNELS)
    let [received, wrong] = [0, 0]
    const subscriptions = names.map((name, room) => {
      let last = 0
      return channels.subscribe(name, (payload, { offset }) => {
        received++
        if (payload.room !== room || offset !== last + 1) wrong++
        last = offset
      })
    })
    const isOpen = () =>
      client.state.get().name === 'open' &&
      subscriptions.every(({ status }) => status.get().name === 'live')
    const open = async () => {
      for (let ms = 0; !isOpen() && ms < 20_000; ms += 100) await clock.advance(100)
    }
    const deliver = (count) => {
      for (let n = 0; n < count; n++) {
        const room = n % CHANNELS
        const offset = ++offsets[room]
        const payload = { room, title: TITLE, done: false }
        const event = { type: 'said', channel: names[room], offset, payload }
        WebSocket.last.receive(JSON.stringify(event))
      }
    }
    return {
      async run() {
        const [perCycle, cycleMs] = [messages / reconnects, HOUR_MS / reconnects]
        const heaps = []
        for (let cycle = 1; cycle <= reconnects; cycle++) {
          const end = clock.now() + cycleMs
          await open()
          deliver(perCycle)
          await clock.advance(Math.max(end - clock.now(), 0))
          WebSocket.last.drop()
          if (cycle % (reconnects / SAMPLES) > 0) continue
          await nextTurn()
          globalThis.gc()
          heaps.push(process.memoryUsage().heapUsed)
        }
        assertCount('soak, messages', received, messages)
        assertCount('soak, messages at the wrong handler or out of order', wrong, 0)
        assertCount('soak, reconnects', client.stats().opens, reconnects)
        return { heaps, seconds: clock.now() / 1_000 }
      },
    }
  },
}

export async function measure({ quick, whole }) {
  const reconnects = whole ? 1_000 : 100
  const messages = whole ? 10_000_000 : quick ? 100_000 : 1_000_000
  const { heaps } = await runOnce('soak', 'hour', { reconnects, messages }, ['--expose-gc'])
  // The first half also fills caches, and compiles code.
  const [half, end] = [heaps[SAMPLES / 2 - 1], heaps.at(-1)]
  const beside = `${(half / 1e6).toFixed(2)} MB after a half, ${(end / 1e6).toFixed(2)} MB at the end`
  const results = { wirefold: { value: (end / half - 1) * 100, beside } }
  return {
    title: `Soak: one simulated hour, ${reconnects} reconnects, ${messages} messages`,
    figures: [{ name: 'growth of the heap in the second half', unit: '%', must: 2, results }],
  }
}
