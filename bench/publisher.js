/*
 * The server of a slow-consumer run: publishes at a constant rate, and reports its memory on
 * request. Argument: messages per second; ten of them are on the calm channel. Run with
 * --expose-gc.
 */
import { createRealtimeServer } from 'wirefold/server'

const TICK_MS = 10
const CALM_PER_SECOND = 10
const PAD = 'x'.repeat(120)

const perSecond = Number(process.argv[2])
const server = createRealtimeServer()
const { url } = await server.listen()
const numbers = { busy: 0, calm: 0 }
const start = performance.now()

const publish = (channel, until) => {
  while (numbers[channel] < until) {
    const at = performance.timeOrigin + performance.now()
    void server.publish(channel, 'n', { n: ++numbers[channel], at, pad: PAD })
  }
}
setInterval(() => {
  const seconds = (performance.now() - start) / 1_000
  publish('busy', seconds * (perSecond - CALM_PER_SECOND))
  publish('calm', seconds * CALM_PER_SECOND)
}, TICK_MS)

process.on('message', () => {
  globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send({ answer: { held: heapUsed + external, rss, numbers, stats: server.stats() } })
})
process.send({ url })
