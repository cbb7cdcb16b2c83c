import type { ServerDialect } from '../../protocol/server-dialect.ts'

/** Type of an envelope's event between servers and in other dialects. */
export const DUUI_EVENT = 'event'

/**
 * The server half of the DUUI event stream: sends an event of a process channel as an envelope.
 * Other frames are not sent, and messages of clients are ignored.
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
