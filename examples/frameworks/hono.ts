import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createChat } from './chat.ts'

const chat = createChat()
const app = new Hono()
app.post('/login', async (context) => {
  // A body that is no JSON is one without a name.
  const { status, headers } = chat.login(await context.req.json().catch(() => undefined))
  return context.body(null, status, headers)
})

const { port } = chat
const http = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (address) =>
  console.log('listening', address),
)
chat.serve(http)
