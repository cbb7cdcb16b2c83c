import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { decodeEnvelope } from './envelope.ts'
import { DUUILegacy } from './legacy.ts'

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

/** How a DUUI gateway speaks. */
export interface DUUIOptions {
  /**
   * What becomes of the styles before the envelope, `process_state` and `documents_delta`: `ignore`
   * leaves them aside with a notice, `derive` makes contexts of them that never take the place of what
   * a newer envelope told.
   * @default 'ignore'
   */
  readonly legacy?: 'ignore' | 'derive' | undefined
}

/** What holds where nothing is said. */
export const duuiDefaults = { legacy: 'ignore' } as const

/**
 * The event stream of a DUUI gateway, by options.
 *
 * @example
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
        legacy.dialled(base)
        return dialect.url(base, credentials)
      },
    }
  }
}
