import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createChat } from './chat.ts'

const chat = createChat()
const app = new Hono()
app.post('/login', async (context) => {
  const { name } = await context.req.json()
  return context.body(null, 204, { 'Set-Cookie': chat.signIn(name) })
})

const { port } = chat
const http = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (address) =>
  console.log('listening', address),
)
chat.serve(http)
