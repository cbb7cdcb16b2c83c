import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import express from 'express'
import { createClient } from 'redis'
import { createRealtimeServer, refuse } from 'wirefold/server'
import { createRedisBroker, redisClient } from 'wirefold/server/redis'
import { SessionCookie } from '../frameworks/session-cookie.ts'

/* A chat for users with a cookie. Any number of servers on one Redis are one chat. */

const { PORT = '3000', REDIS_URL = 'redis://127.0.0.1:6379', SECRET } = process.env
// Without a secret of all servers, each accepts only the cookies of its own.
const cookie = new SessionCookie(SECRET ?? randomUUID())
const redis = createClient({ url: REDIS_URL })
redis.on('error', (error) => console.error(error))

const broker = await createRedisBroker(redisClient(redis))
const server = createRealtimeServer({
  broker,
  // Pages of other sites must not connect with the cookies of their visitors.
  origins: [process.env.ORIGIN ?? `http://127.0.0.1:${PORT}`],
  authenticate: ({ headers }) => cookie.userOf(headers.cookie),
  authorize: (user, _, action) => user !== null && action !== 'publish',
})
server.handle('say', async (text, { user, publish }) => {
  if (typeof text !== 'string') throw refuse('bad-text', 'The payload has to be a text.')
  await publish('room:1', 'said', { text, by: user?.name })
})

const app = express()
app.use(express.json())
app.post('/login', (request, response) => {
  const { status, headers } = cookie.login(request.body)
  response.status(status).set(headers).end()
})

const http = createServer(app)
server.attach(http)
http.listen(Number(PORT), '127.0.0.1', () => console.log('listening', http.address()))

process.once('SIGTERM', async () => {
  // Moves the clients to another server; without connections, nothing keeps the process.
  await server.drain({ deadlineMs: 10_000, windowMs: 1_000 })
  http.close()
  await broker.close()
})
