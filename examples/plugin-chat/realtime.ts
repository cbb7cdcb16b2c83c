import {
  chatPlugin,
  notificationsPlugin,
  presencePlugin,
  sharedServer,
  streamsMount,
} from 'wirefold/server'

/* The backend of the chat, at /websocket. */

const server = sharedServer('/realtime', {
  // A cookie names the user in an application; here the address does.
  authenticate({ url }) {
    const name = new URL(url, 'http://localhost').searchParams.get('name') ?? 'guest'
    return { id: name, name }
  },
  authorize: () => true,
})

server.setUp(() => {
  const plugins = [chatPlugin(), presencePlugin(), notificationsPlugin()]
  server.mount('/websocket', streamsMount({ plugins }))
  return undefined
})
