import { expect } from 'vitest'
import { WebSocket } from 'ws'

/** Sends a login with this body. */
export function login(port: number, body: string | undefined): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' }
  const sent = body === undefined ? {} : { headers, body }
  return fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', ...sent })
}

/** Signs in, and returns a WebSocket class that sends the cookie, as a page does. */
export async function signedIn(port: number, name: string) {
  const { status, headers } = await login(port, JSON.stringify({ name }))
  expect(status).toBe(204)
  const [cookie = ''] = headers.getSetCookie().map((text) => text.split(';')[0] ?? '')
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { cookie } })
    }
  }
}
