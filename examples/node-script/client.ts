import { ChannelSubscriber, channelEvents, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'

/* Asks for one sum, prints three ticks of the server's clock, and ends. */

const url = process.env.URL ?? 'ws://127.0.0.1:8080/ws'
const client = new RealtimeClient(url, { WebSocket })
console.log('2 + 3 =', await client.request('add', [2, 3]))

let left = 3
for await (const { payload } of channelEvents(new ChannelSubscriber(client), 'clock')) {
  console.log('The server has', payload)
  if (--left === 0) break
}
client.close()
