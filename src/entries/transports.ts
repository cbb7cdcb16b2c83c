/**
 * Transports besides the WebSocket: server-sent events and long polling.
 *
 * @module wirefold/transports
 */

export type { ServerSentEvent } from '../protocol/http-message.ts'
export type {
  EventSourceConstructor,
  EventSourceLike,
  EventSourceOptions,
} from '../transports/event-source.ts'
export { eventSourceTransport } from '../transports/event-source.ts'
export type { HttpOptions } from '../transports/http-exchange.ts'
export type { LongPollingOptions } from '../transports/long-polling.ts'
export { longPollingTransport } from '../transports/long-polling.ts'
export type { EventMessages } from '../transports/order-connection.ts'
export type { SseOptions } from '../transports/sse.ts'
export { sseTransport } from '../transports/sse.ts'
export type { SseStreamsOptions } from '../transports/sse-streams.ts'
export { sseStreamsTransport } from '../transports/sse-streams.ts'
