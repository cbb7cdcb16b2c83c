import { ChannelSubscriber, RealtimeClient, systemClock } from 'wirefold'
import { createRealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'
import { asFields, asNumber } from '../../src/protocol/fields.ts'
import { sleep } from './clocks.ts'

const EVENTS = 2_000
const PUBLISH_MS = 2

/** Latencies of events, in milliseconds. */
export interface Delays {
  /** Latencies until the handler of a client. */
  readonly client: readonly number[]
  /** Latencies until the message listener of a plain `ws`, including parsing. */
  readonly raw: readonly number[]
}

/** Publishes events on one channel for a client and a plain socket, both on loopback. */
export async function measureDelays(): Promise<Delays> {
  const server = createRealtimeServer({ onError: () => {} })
  const { url } = await server.listen()
  const delays = { client: [] as number[], raw: [] as number[] }
  const note = (all: number[], payload: unknown): void => {
    const sent = asNumber(asFields(payload).sent)
    if (sent !== undefined) all.push(performance.now() - sent)
  }

  const client = new RealtimeClient(url, { WebSocket })
  const channels = new ChannelSubscriber(client)
  await channels.subscribe('delays', (payload) => note(delays.client, payload)).ready
  const socket = new WebSocket(url)
  socket.on('message', (data) => {
    const wire: unknown = JSON.parse(String(data))
    for (const message of Array.isArray(wire) ? wire : [wire]) note(delays.raw, message.payload)
  })
  await new Promise((resolve) => socket.once('open', resolve))
  const subscribe = { type: 'subscribe', requestId: 'r', payload: { channels: ['delays'] } }
  socket.send(JSON.stringify([{ type: 'hello', payload: {} }, subscribe]))
  await sleep(systemClock, 200)

  for (let n = 0; n < EVENTS; n++) {
    await server.publish('delays', 'tick', { sent: performance.now() })
    await sleep(systemClock, PUBLISH_MS)
  }
  await sleep(systemClock, 200)
  client.close()
  socket.terminate()
  await server.close()
  return delays
}
