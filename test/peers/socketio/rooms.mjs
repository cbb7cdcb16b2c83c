/* A stock server of the package socket.io with rooms and a namespace. Argument: the port. */
import { Server } from 'socket.io'

const io = new Server(Number(process.argv[2]), {
  connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
})
const authenticate = (socket, next) =>
  next(socket.handshake.auth.token === 'wrong' ? new Error('not authorized') : undefined)
io.use(authenticate)
io.on('connection', (socket) => {
  socket.on('join', (room, answer) => {
    if (room.startsWith('secret')) return answer({ error: 'forbidden' })
    socket.join(room)
    answer({ ok: true })
  })
  socket.on('leave', (room, answer) => {
    socket.leave(room)
    answer({ ok: true })
  })
  socket.on('say', (room, text, answer) => {
    io.to(room).emit('said', room, { text })
    answer({ ok: true })
  })
  socket.on('file', (name, data, answer) => {
    answer({ name, bytes: data.length, back: Buffer.from(data).reverse() })
  })
  socket.on('ask', async (question) => {
    socket.emit('answered', await socket.emitWithAck('question', question))
  })
})
io.of('/staff').use(authenticate)
io.of('/staff').on('connection', (socket) => {
  socket.on('double', (number, answer) => {
    io.of('/staff').emit('doubled', number)
    answer(2 * number)
  })
})
