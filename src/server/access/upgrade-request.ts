import type { IncomingHttpHeaders } from 'node:http'

/** An upgrade request that found its mount. */
export interface UpgradeRequest {
  readonly headers: IncomingHttpHeaders
  /** Path and query, as sent. */
  readonly url: string
  readonly query: URLSearchParams
  /** What stands for the `:name` parts of the mount's path. */
  readonly params: ReadonlyMap<string, string>
  /** The address whose limits it counts for; `undefined` where it counts for none. */
  readonly address?: string | undefined
}

/** A plain HTTP answer instead of an upgrade. */
export interface HttpRefusal {
  readonly status: number
  /** Why, for programs; kebab-case. */
  readonly code: string
  /** Why, for people. */
  readonly reason: string
  /** The soonest it makes sense to ask again, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined
}
