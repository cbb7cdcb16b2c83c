export type { ServerSentEvent } from '../transports/event-stream.ts'
export type { HttpOptions } from '../transports/http-exchange.ts'
export type { SseOptions } from '../transports/sse.ts'
export { sseTransport } from '../transports/sse.ts'
