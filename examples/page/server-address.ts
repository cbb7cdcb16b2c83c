/** Identifies the sockets of this page, for the buttons that break its connection. */
const pageId = Math.random().toString(36).slice(2)

/** Returns the address of a socket on the server of this page. */
export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.searchParams.set('page', pageId)
  return url.href
}

/** A fault that the demo's server can cause on this page's connection. */
export type Fault = 'disconnect' | 'freeze' | 'thaw' | 'restart'

/** Requests a fault over plain HTTP, because the socket is about to break. */
export async function requestFault(fault: Fault): Promise<void> {
  await fetch(`/fault/${fault}?page=${pageId}`, { method: 'POST' })
}
