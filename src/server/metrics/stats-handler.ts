import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ServerStats } from './server-stats.ts'

/** Tells whether a request may see the counts of a server; only `true` is a yes. */
export type AllowStats = (request: IncomingMessage) => boolean | Promise<boolean>

/** What a handler of `/stats` is made of. */
export interface StatsHandlerParts {
  readonly stats: () => ServerStats
  readonly allow: AllowStats
  /** Receives what `allow` threw, which is a no. */
  readonly report: (error: unknown) => void
}

/** Answers http requests with counts, those who may not see them with 403. */
export function statsHandler({ stats, allow, report }: StatsHandlerParts): RequestListener {
  return async (request, response) => {
    let allowed = false
    try {
      allowed = (await allow(request)) === true
    } catch (error) {
      report(error)
    }
    if (allowed) answer(response, 200, stats())
    else answer(response, 403, { code: 'forbidden', message: 'This is not allowed.' })
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
