import { fastify } from 'fastify'
import { createChat } from './chat.ts'

const chat = createChat()
const app = fastify()
app.post('/login', (request, reply) => {
  const { status, headers } = chat.login(request.body)
  reply.code(status).headers(headers).send()
})

chat.serve(app.server)
await app.listen({ port: chat.port, host: '127.0.0.1' })
console.log('listening', app.server.address())
