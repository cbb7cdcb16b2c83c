import type { ServerDialect } from '../../protocol/server-dialect.ts'

/** The type under which an envelope's event travels between servers and to other dialects. */
export const DUUI_EVENT = 'event'

/**
 * The server's half of the DUUI event stream: an event of a process channel is an envelope again.
 * There is no word for anything else, and nothing a client says means anything.
 */
export const duuiServer: ServerDialect = {
  name: 'duui',
  decode: () => [],
  encode: () => undefined,
  encodeEvent: ({ type, timestamp, json }) =>
    type === DUUI_EVENT && json !== undefined
      ? `{"timestamp":${JSON.stringify(timestamp)},"event":${json}}`
      : undefined,
}
