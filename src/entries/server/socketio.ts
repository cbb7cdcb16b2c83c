export type { SocketioSocket } from '../../server/mounts/socketio/bridged-socket.ts'
export type {
  SocketioAnswer,
  SocketioBridge,
  SocketioBridgeOptions,
  SocketioBridgeServer,
  SocketioNamespace,
  SocketioSettings,
} from '../../server/mounts/socketio/socketio-bridge.ts'
export { bridgeSocketio } from '../../server/mounts/socketio/socketio-bridge.ts'
