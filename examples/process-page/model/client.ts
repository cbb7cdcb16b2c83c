import { RealtimeClient } from 'wirefold'

/** Lets the page's trouble buttons find its own sockets among those of other pages. */
export const pageId = Math.random().toString(36).slice(2)

/** The address of a socket on the server this page came from. */
export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.searchParams.set('page', pageId)
  return url.href
}

/** The page's one connection. It opens when something is first asked of it, and comes back by itself. */
export const client = new RealtimeClient(socketUrl('/realtime'))
