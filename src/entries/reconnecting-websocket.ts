export type { ReconnectingWebSocketOptions } from '../transports/reconnecting-websocket.ts'
export { reconnectingWebSocket } from '../transports/reconnecting-websocket.ts'
