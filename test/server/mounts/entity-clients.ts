import { expect } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { entityMount } from 'wirefold/server'
import type { Message, Served } from '../raw-client.ts'
import { RawClient, serve } from '../raw-client.ts'

/** The presence channel of the tests. */
export const PLACE = 'presence:workspace/tasks'
/** Stands for the timestamp of a message. */
export const at = expect.any(Number)

/** A server with an entity mount, where a token is a name and `ines` the user `u-ines`. */
export async function backend(
  options: RealtimeServerOptions = {},
): Promise<Served & { address: string }> {
  const served = await serve({
    authenticate: ({ token }) => {
      if (token === undefined) return null
      const name = token[0]?.toUpperCase() + token.slice(1)
      return token === 'bad' ? undefined : { id: `u-${token}`, name }
    },
    ...options,
  })
  served.server.mount('/api/realtime', entityMount())
  return { ...served, address: `ws://127.0.0.1:${served.port}/api/realtime` }
}

/** A bare socket after the server's `connected`. */
export async function connect({ address }: { readonly address: string }, token?: string) {
  const client = await RawClient.open(token === undefined ? address : `${address}?token=${token}`)
  await client.next('connected')
  return client
}

/** Sends a message, and returns the next one. */
export async function ask(client: RawClient, message: object): Promise<Message> {
  client.send(message)
  return client.next()
}

/** Returns the refusal that a client receives. */
export const error = (code: string, message: unknown, fields: object = {}) => ({
  type: 'error',
  ...fields,
  payload: { code, message },
  timestamp: at,
})
