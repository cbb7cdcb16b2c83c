/**
 * Server-sent events as channels, and streams of tokens.
 *
 * @module wirefold/dialects/sse
 */

export { sse } from '../../dialects/sse/dialect.ts'
export type {
  SseDialectOptions,
  SseEvent,
  SseReading,
  SseRequest,
  SseStream,
} from '../../dialects/sse/options.ts'
export type { HttpRequest } from '../../protocol/http-message.ts'
