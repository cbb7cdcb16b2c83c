import { WebSocket } from 'ws'

/** The response to a refused upgrade. */
export interface RefusedUpgrade {
  readonly status: number
  readonly body: { readonly code: string; readonly message: string; readonly retryAfterMs?: number }
  readonly headers: Readonly<Record<string, unknown>>
}

/** Requests an upgrade and returns its refusal; rejects if it is accepted. */
export function refusedUpgrade(
  url: string,
  headers: Record<string, string> = {},
): Promise<RefusedUpgrade> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, { headers })
    ws.on('open', () => reject(new Error('It was upgraded.')))
    ws.on('error', reject)
    ws.on('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (data) => {
        body += data
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(body),
          headers: response.headers,
        }),
      )
    })
  })
}
