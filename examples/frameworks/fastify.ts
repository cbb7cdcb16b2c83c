import { fastify } from 'fastify'
import { createChat } from './chat.ts'

const chat = createChat()
const app = fastify()
app.post<{ Body: { name: string } }>('/login', (request, reply) => {
  reply.header('Set-Cookie', chat.signIn(request.body.name)).code(204).send()
})

chat.serve(app.server)
await app.listen({ port: chat.port, host: '127.0.0.1' })
console.log('listening', app.server.address())
