import type { Fault } from './faults.ts'

/** Identifies the sockets of this page, for the buttons that break its connection. */
export const pageId = Math.random().toString(36).slice(2)

/**
 * Returns the address of a socket on the server of this page.
 *
 * @param page identifies the socket for {@link requestFault}
 */
export function socketUrl(path: string, page = pageId): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.searchParams.set('page', page)
  return url.href
}

/** Requests a fault over plain HTTP, because the socket is about to break. */
export async function requestFault(fault: Fault, page = pageId): Promise<void> {
  await fetch(`/fault/${fault}?page=${page}`, { method: 'POST' })
}
