import { createRealtimeServer } from 'wirefold/server'

/* A server with a clock, and one request; it ends with Ctrl-C. */

const server = createRealtimeServer({
  authorize: (_, __, action) => action === 'subscribe' || action === 'request',
})
server.handle('add', ([a, b]: readonly [number, number]) => a + b)
const timer = setInterval(
  () => void server.publish('clock', 'tick', new Date().toISOString()),
  1_000,
)
const { url } = await server.listen(Number(process.env.PORT ?? 8080))
console.log(`Serving ${url}`)

process.once('SIGINT', async () => {
  clearInterval(timer)
  await server.close()
})
