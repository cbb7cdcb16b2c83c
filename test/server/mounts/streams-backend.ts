import type { RealtimeServerOptions, ServerPlugin, StreamsMountOptions } from 'wirefold/server'
import { definePlugin, streamsMount } from 'wirefold/server'
import { RawClient, serve } from '../raw-client.ts'

/** A request for a plugin, as it stands in the address. */
interface Wanted {
  readonly name?: unknown
  readonly stream?: unknown
  readonly strategy?: unknown
  readonly lastSeen?: string
}

/** A server with a streams mount, where a cookie names the user. */
export async function backend(
  mount: StreamsMountOptions = {},
  options: RealtimeServerOptions = {},
) {
  const served = await serve({
    authenticate({ headers }) {
      const name = /user=(\w+)/.exec(headers.cookie ?? '')?.[1]
      return name === undefined ? undefined : { id: `u-${name}`, name }
    },
    presence: { graceMs: 0 },
    ...options,
  })
  served.server.mount('/websocket', streamsMount(mount))
  const address = `ws://127.0.0.1:${served.port}/websocket`
  const dial = (query: string, user = 'nora') =>
    RawClient.open(address + query, { headers: { cookie: `user=${user}` } })
  const open = (wanted: readonly Wanted[], user?: string) =>
    dial(`?${new URLSearchParams(wanted.map((one) => ['clients', JSON.stringify(one)]))}`, user)
  return { ...served, address, dial, open }
}

/** A request for the plugin chat. */
export const chat = { name: 'chat', stream: 'stream:1:chat', strategy: 'pub-sub' }

/** Returns the next message, without its id. */
export async function said(client: RawClient) {
  const { type, message } = await client.next()
  return [type, message]
}

/** A plugin that records its calls. */
export function recorder(name: string, part: Partial<ServerPlugin> = {}) {
  const calls: unknown[] = []
  const plugin = definePlugin({
    name,
    init: () => void calls.push('init'),
    open: () => void calls.push('open'),
    message: (_, { type, message }) => void calls.push([type, message]),
    close: (_, reason) => void calls.push(`close: ${reason}`),
    ...part,
  })
  return { plugin, calls }
}
