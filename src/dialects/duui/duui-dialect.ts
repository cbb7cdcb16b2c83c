import type { DialectFactory } from '../../protocol/dialect.ts'
import { duui } from './dialect.ts'
import { DUUILegacy } from './legacy.ts'

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
