import type { IncomingHttpHeaders } from 'node:http'

/** An upgrade request whose path matches a mount. */
export interface UpgradeRequest {
  /** The headers of the request. */
  readonly headers: IncomingHttpHeaders
  /** The path and query, as sent. */
  readonly url: string
  /** The parameters of the address. */
  readonly query: URLSearchParams
  /** Values of the `:name` parts of the mount's path. */
  readonly params: ReadonlyMap<string, string>
  /** The address whose limits the connection counts for; `undefined` for none. */
  readonly address?: string | undefined
}

/** A plain HTTP response instead of an upgrade. */
export interface HttpRefusal {
  /** Status of the HTTP response. */
  readonly status: number
  /** The reason, for programs; kebab-case. */
  readonly code: string
  /** The reason, for people. */
  readonly reason: string
  /** Minimum time before a retry, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}
