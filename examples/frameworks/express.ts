import { createServer } from 'node:http'
import express from 'express'
import { createChat } from './chat.ts'

const chat = createChat()
const app = express()
app.use(express.json())
app.post('/login', (request, response) => {
  const { status, headers } = chat.login(request.body)
  response.status(status).set(headers).end()
})

const http = createServer(app)
chat.serve(http)
http.listen(chat.port, '127.0.0.1', () => console.log('listening', http.address()))
