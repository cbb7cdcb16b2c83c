import type { BackoffOptions } from '../base/backoff.ts'
import { inFamily } from './channel-name.ts'
import type { Capabilities } from './dialect.ts'
import { withCredentials } from './url-query.ts'

/** Waits that double from one second to 30 s, without jitter. */
export const doubling: Partial<BackoffOptions> = {
  initialMs: 1000,
  factor: 2,
  maxMs: 30_000,
  jitter: 'none',
}

/** Capabilities of a backend that only sends events. */
const noCapabilities: Capabilities = {
  acks: false,
  recovery: false,
  presence: false,
  dedupes: false,
  families: false,
  batches: false,
}

/**
 * Defaults for a dialect: no capabilities, the token in the query, refusals as fatal close codes,
 * no heartbeat.
 */
export const plainDialect = {
  capabilities: noCapabilities,
  presets: {},
  heartbeat: 'none',
  fatalCloseCodes: [1008, 4403],
  protocols: [],
  url: withCredentials,
  match: inFamily,
} as const
