/**
 * A transport over the package `reconnecting-websocket`.
 *
 * @module wirefold/reconnecting-websocket
 */

export type { ReconnectingWebSocketOptions } from '../transports/reconnecting-websocket.ts'
export { reconnectingWebSocket } from '../transports/reconnecting-websocket.ts'
