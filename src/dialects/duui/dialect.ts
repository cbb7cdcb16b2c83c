import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { decodeEnvelope } from './envelope.ts'
import { DUUILegacy } from './legacy.ts'

const dialect: Dialect = {
  ...plainDialect,
  name: 'duui',
  presets: { backoff: { minMs: 0, initialMs: 2000, factor: 2, maxMs: 30_000, jitter: 'equal' } },
  decode: decodeEnvelope,
  // Each process has its own one-way socket: subscribing sends no message, all else is unsupported.
  encode: (intent) =>
    intent.kind === 'subscribe' || intent.kind === 'unsubscribe' ? [] : undefined,
}

/**
 * The dialect of a DUUI gateway's event stream: every envelope is an event of the channel
 * `process:<process_id>`, with the gateway's `event` as its payload. Messages of the formats before
 * the envelope (`process_state`, `documents_delta`) are ignored with a notice; {@link duuiDialect}
 * can derive events from them.
 */
export const duui: DialectFactory = () => dialect

/** Options of {@link duuiDialect}. */
export interface DUUIOptions {
  /**
   * Handling of the formats before the envelope, `process_state` and `documents_delta`: `ignore`
   * drops them with a notice, `derive` makes contexts from them that never replace those of a newer
   * envelope.
   * @default 'ignore'
   */
  readonly legacy?: 'ignore' | 'derive' | undefined
}

/** Defaults of {@link DUUIOptions}. */
export const duuiDefaults = { legacy: 'ignore' } as const

/**
 * Makes the dialect of a DUUI gateway's event stream, with options.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { duuiDialect } from 'wirefold/dialects/duui'
 *
 * new RealtimeClient(url, { dialect: duuiDialect({ legacy: 'derive' }) })
 */
export function duuiDialect(options: DUUIOptions = {}): DialectFactory {
  if ((options.legacy ?? duuiDefaults.legacy) === 'ignore') return duui
  return () => {
    const dialect = duui()
    const legacy = new DUUILegacy()
    return {
      ...dialect,
      decode: (wire) => legacy.decode(wire),
      url(base, credentials) {
        legacy.readUrl(base)
        return dialect.url(base, credentials)
      },
    }
  }
}
