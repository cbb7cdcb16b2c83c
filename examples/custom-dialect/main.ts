import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'
import { serveRooms } from './backend.ts'
import { rooms } from './rooms.ts'

/* Says something in a room of the backend, and calls it twice. */

const backend = await serveRooms()
const client = new RealtimeClient(backend.url, { dialect: rooms, WebSocket })
const said = new Promise<void>((resolve) => {
  new ChannelSubscriber(client)
    .subscribe('lobby', (text, { type }) => {
      console.log('lobby:', type, text)
      resolve()
    })
    .ready.then(() => client.publish('lobby', 'said', 'hello'))
})
await said
console.log('shout:', await client.request('shout', 'hello'))
await client.request('whisper').catch(({ message }) => console.log('refused:', message))
client.close()
backend.close()
