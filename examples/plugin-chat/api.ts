import { chat, createStreamClient, notifications, presence } from 'wirefold/dialects/streams'

/** The chat of this page, as stores; it connects with the first view that follows one. */
export const api = createStreamClient({
  url: `/websocket${location.search}`,
  stream: 'stream:1',
  clients: [chat({ strategy: 'streams' }), presence(), notifications()],
})
