import type { BackoffOptions } from '../base/backoff.ts'
import { inFamily } from './channel-name.ts'
import type { Capabilities } from './dialect.ts'
import { withCredentials } from './url-query.ts'

/** Waits that double from a second to half a minute, all of them certain. */
export const doubling: Partial<BackoffOptions> = {
  minMs: 0,
  initialMs: 1000,
  factor: 2,
  maxMs: 30_000,
  jitter: 'none',
}

/** A backend that can do nothing but send events. */
const nothing: Capabilities = {
  acks: false,
  recovery: false,
  presence: false,
  dedupes: false,
  families: false,
  batches: false,
}

/**
 * What most backends have in common, as the ground of a dialect: no capabilities, the token in the
 * query, refusals that close for good, no signs of life.
 */
export const plainDialect = {
  capabilities: nothing,
  presets: {},
  heartbeat: 'none',
  fatalCloseCodes: [1008, 4403],
  protocols: [],
  url: withCredentials,
  match: inFamily,
} as const
