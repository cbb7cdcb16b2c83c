export { sse } from '../../dialects/sse/dialect.ts'
export type {
  SseDialectOptions,
  SseEvent,
  SseReading,
  SseRequest,
  SseStream,
} from '../../dialects/sse/options.ts'
export type { HttpRequest } from '../../protocol/http-message.ts'
