/**
 * A transport over the package `socket.io-client`.
 *
 * @module wirefold/socketio-client
 */

export type { SocketIoLike } from '../transports/socketio-client.ts'
export { socketioClient } from '../transports/socketio-client.ts'
