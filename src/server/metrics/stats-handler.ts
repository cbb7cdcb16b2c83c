import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ServerStats } from './server-stats.ts'

/** Creates a handler that answers HTTP requests with the server's stats, or with 403. */
export function statsHandler({ stats, allow, report }: StatsHandlerDeps): RequestListener {
  return async (request, response) => {
    let allowed = false
    try {
      allowed = (await allow(request)) === true
    } catch (error) {
      report(error)
    }
    if (allowed) respond(response, 200, stats())
    else respond(response, 403, { code: 'forbidden', message: 'This is not allowed.' })
  }
}

/** A hook that decides if a request may read the server's stats; only `true` allows it. */
export type AllowStats = (request: IncomingMessage) => boolean | Promise<boolean>

/** Dependencies of {@link statsHandler}. */
export interface StatsHandlerDeps {
  readonly stats: () => ServerStats
  readonly allow: AllowStats
  /** Called with errors of `allow`; the request is then refused. */
  readonly report: (error: unknown) => void
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
