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
