export type { SocketIoLike } from '../transports/socketio-client.ts'
export { socketioClient } from '../transports/socketio-client.ts'
