import { expect } from 'vitest'
import { WebSocket } from 'ws'

/** Signs in, and returns a WebSocket class that sends the cookie, as a page does. */
export async function signedIn(port: number, name: string) {
  const { status, headers } = await fetch(`http://127.0.0.1:${port}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  expect(status).toBe(204)
  const [cookie = ''] = headers.getSetCookie().map((text) => text.split(';')[0] ?? '')
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { cookie } })
    }
  }
}
