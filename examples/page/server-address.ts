/** Lets a page's trouble buttons find its own sockets among those of other pages. */
const pageId = Math.random().toString(36).slice(2)

/** The address of a socket on the server this page came from. */
export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.searchParams.set('page', pageId)
  return url.href
}

/** What the demo's server can do to this page's connection. */
export type Trouble = 'cut' | 'freeze' | 'thaw' | 'restart'

/** Asks for trouble, by plain HTTP: the connection is what is about to break. */
export async function askForTrouble(trouble: Trouble): Promise<void> {
  await fetch(`/trouble/${trouble}?page=${pageId}`, { method: 'POST' })
}
