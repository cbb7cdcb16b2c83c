import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { decodeEnvelope } from './envelope.ts'

const dialect: Dialect = {
  ...plainDialect,
  name: 'duui',
  presets: { backoff: { minMs: 0, initialMs: 2000, factor: 2, maxMs: 30_000, jitter: 'equal' } },
  decode: decodeEnvelope,
  // One whole socket per process, one way: a subscription is live once the socket is, and there is
  // no word for anything else.
  encode: (intent) =>
    intent.kind === 'subscribe' || intent.kind === 'unsubscribe' ? [] : undefined,
}

/**
 * The event stream of a DUUI gateway: every envelope is an event of the channel
 * `process:<process_id>`, with the gateway's `event` as its payload. Messages of the older styles
 * (`process_state`, `documents_delta`) are left aside with a notice; `duuiDialect` can derive events
 * from them.
 */
export const duui: DialectFactory = () => dialect
