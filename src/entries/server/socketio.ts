/**
 * A bridge that lets the server answer on a Socket.IO server of the application.
 *
 * @module wirefold/server/socketio
 */

export type {
  SocketioAnswer,
  SocketioBridge,
  SocketioBridgeOptions,
  SocketioBridgeServer,
  SocketioNamespace,
  SocketioSettings,
} from '../../server/mounts/socketio/socketio-bridge.ts'
export { bridgeSocketio } from '../../server/mounts/socketio/socketio-bridge.ts'
export type {
  EngineConnection,
  EnginePacket,
  EventMiddleware,
  SocketioSocket,
} from '../../server/mounts/socketio/socketio-socket.ts'
