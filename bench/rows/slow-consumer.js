/*
 * Slow consumer: one client stops reading for a minute at 5,000 messages a second: the memory that the
 * server holds for it, and the delay of the other clients. Not among the rows that run by default.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { assertCount, built, start } from '../harness.js'

const PER_SECOND = 5_000
const CALM_PER_SECOND = 10
const TICK_MS = 10
const READERS = 5
const QUIET_MS = 10_000
const SAMPLE_MS = 2_000
const PAD = 'x'.repeat(120)

async function publisher() {
  const { createRealtimeServer } = await built('server')
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
    publish('busy', seconds * (PER_SECOND - CALM_PER_SECOND))
    publish('calm', seconds * CALM_PER_SECOND)
  }, TICK_MS)
  return {
    info: { url },
    /** Returns the memory in use, in bytes. */
    held() {
      globalThis.gc()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    },
    stats: () => server.stats(),
  }
}

async function readers({ url, count }) {
  const { ChannelSubscriber, RealtimeClient } = await built('index')
  const { WebSocket } = await import('ws')
  const names = ['busy', 'calm']
  let [delays, unordered, unreported] = [[], 0, 0]
  const follow = (subscriber, name) => {
    let [last, gaps] = [0, 0]
    const subscription = subscriber.subscribe(name, ({ n, at }) => {
      if (last && n <= last) unordered++
      if (last && n > last + 1 && gaps === 0) unreported++
      last = n
      gaps = 0
      delays.push(performance.timeOrigin + performance.now() - at)
    })
    subscription.status.listen((status) => {
      if (status.name === 'gap') gaps++
    })
    return subscription.ready
  }
  const clients = Array.from({ length: count }, () => new RealtimeClient(url, { WebSocket }))
  const follows = clients.flatMap((client) => {
    const subscriber = new ChannelSubscriber(client)
    return names.map((name) => follow(subscriber, name))
  })
  await Promise.all(follows)
  return {
    /** Returns the delay within which 99 % of the events since the last call came, and errors. */
    report() {
      const sorted = delays.sort((one, other) => one - other)
      const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0
      delays = []
      return { p99, unordered, unreported }
    },
  }
}

export const roles = { publisher, readers }

export async function measure({ quick }) {
  const seconds = quick ? 10 : 60
  const server = await start('slow-consumer', 'publisher', {}, ['--expose-gc'])
  const { url } = server.info
  const others = await start('slow-consumer', 'readers', { url, count: READERS })
  const slow = await start('slow-consumer', 'readers', { url, count: 1 })
  /** Returns the largest memory in use in a time. */
  const mostHeld = async (ms) => {
    let most = 0
    for (let left = ms; left > 0; left -= SAMPLE_MS) {
      await sleep(SAMPLE_MS)
      most = Math.max(most, await server.call('held'))
    }
    return most
  }
  await sleep(QUIET_MS)
  await others.call('report')
  const before = await mostHeld(QUIET_MS)
  const usual = await others.call('report')
  // A stopped process reads nothing, and is not notified.
  slow.kill('SIGSTOP')
  const during = await mostHeld(seconds * 1_000)
  const meanwhile = await others.call('report')
  slow.kill('SIGCONT')
  await sleep(QUIET_MS)
  const resumed = await slow.call('report')
  const rest = await others.call('report')
  const { withheldEvents } = await server.call('stats')
  for (const child of [server, others, slow]) child.kill()
  const wrong = [resumed, rest].reduce((sum, one) => sum + one.unordered + one.unreported, 0)
  assertCount('events out of order, or missing without a gap', wrong, 0)
  const figure = (name, unit, value, must, beside) => ({
    ...{ name, unit, must },
    results: { wirefold: { value, beside } },
  })
  const held = (during - before) / 1e6
  return {
    title: `Slow consumer: ${PER_SECOND} messages a second, one of ${READERS + 1} does not read for ${seconds} s`,
    figures: [
      figure('held for it', 'MB', held, 6, `${withheldEvents} events withheld`),
      figure('delay of the others', '× before', meanwhile.p99 / usual.p99, undefined, 'of 99 %'),
    ],
  }
}
