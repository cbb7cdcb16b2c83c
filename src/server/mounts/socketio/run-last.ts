import type { EventMiddleware, SocketioSocket } from './socketio-socket.ts'

/**
 * Calls a function for the events of a socket that all its middlewares have let pass: those that the
 * application adds later, too.
 */
export function runLast(
  socket: Pick<SocketioSocket, 'use'>,
  last: (event: Parameters<EventMiddleware>[0]) => void,
): void {
  const later: EventMiddleware[] = []
  socket.use((event, next) => {
    const middlewares = [...later]
    const run = (at: number): void => {
      const middleware = middlewares[at]
      if (middleware) middleware(event, (error) => (error ? next(error) : run(at + 1)))
      else {
        last(event)
        next()
      }
    }
    run(0)
  })
  socket.use = (middleware) => {
    later.push(middleware)
    return socket
  }
}
